"""What an account really holds, read through AWS's API: complete, every page of every list.

    lake       Lake Formation and the Glue catalog: grants, settings, locations, databases, tables, partitions
    identity   IAM: roles, users and groups with their policies, trust and tags
    studio     SageMaker: domain, profiles with their tags and roles, apps
    athena     workgroups
    trails     CloudTrail's trails: selectors, logging, validation
    whole      all of it as one document, before and after the probes

Every function takes the boto3 client that it reads with and raises botocore's errors: an inventory that could not be
read is no inventory.
"""

from __future__ import annotations
