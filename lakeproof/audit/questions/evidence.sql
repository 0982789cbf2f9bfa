-- The records that the findings are about, each once, with what they say in typed columns. Athena's dialect.
-- Kept out because Athena and DuckDB differ on it without an error: regexp_extract without NULLIF, split_part,
-- json_extract_scalar on objects, integer division, date_diff.
WITH copies AS (
  SELECT
    *,
    row_number() OVER (
      PARTITION BY COALESCE(eventid, concat(eventname, ' ', COALESCE(requestid, eventtime, '')))
      ORDER BY eventtime, "timestamp"
    ) AS copy
  FROM cloudtrail_logs
  WHERE "timestamp" BETWEEN :first_day AND :last_day
    AND (
      eventsource = 'athena.amazonaws.com'
      OR (eventsource = 'lakeformation.amazonaws.com'
        AND (eventname = 'GetDataAccess' OR COALESCE(readonly, 'false') <> 'true'))
      OR (eventsource IN ('iam.amazonaws.com', 'cloudtrail.amazonaws.com') AND COALESCE(readonly, 'false') <> 'true')
      OR (eventsource = 'sagemaker.amazonaws.com' AND eventname IN (
        'CreatePresignedDomainUrl', 'AddTags', 'DeleteTags', 'CreateDomain', 'UpdateDomain', 'DeleteDomain',
        'CreateUserProfile', 'UpdateUserProfile', 'DeleteUserProfile'))
      OR (eventsource = 'glue.amazonaws.com' AND eventname IN (
        'PutResourcePolicy', 'DeleteResourcePolicy', 'PutDataCatalogEncryptionSettings'))
      OR (eventsource = 's3.amazonaws.com' AND eventname IN (
        'PutBucketPolicy', 'DeleteBucketPolicy', 'PutBucketAcl', 'PutBucketPublicAccessBlock',
        'DeleteBucketPublicAccessBlock', 'PutBucketLifecycle', 'DeleteBucket'))
      OR (eventsource = 's3.amazonaws.com' AND eventname = 'GetObject'
        AND json_extract_scalar(requestparameters, '$.key') LIKE '%.csv')
    )
),
once AS (
  SELECT
    copies.*,
    COALESCE(concat(substr(replace(eventtime, ' ', 'T'), 1, 19), 'Z'), '') AS event_time,
    useridentity.sessioncontext.sessionissuer.arn AS issuer_arn,
    useridentity.sessioncontext.sessionissuer.username AS issuer_name
  FROM copies
  WHERE copy = 1
)
SELECT
  COALESCE(eventid, '') AS event_id,
  event_time,
  eventsource AS event_source,
  eventname AS event_name,
  COALESCE(awsregion, '') AS region,
  COALESCE(recipientaccountid, useridentity.accountid, '') AS account_id,
  COALESCE(errorcode, '') AS error_code,
  COALESCE(useridentity.type, '') AS actor_type,
  COALESCE(useridentity.arn, useridentity.principalid, useridentity.invokedby, '') AS actor,
  COALESCE(issuer_arn, useridentity.arn, useridentity.principalid, useridentity.invokedby, '') AS principal_arn,
  COALESCE(issuer_arn, '') AS role_arn,
  COALESCE(issuer_name, '') AS role_name,
  COALESCE(NULLIF(regexp_extract(useridentity.principalid, ':(.+)$', 1), ''), '') AS session_name,
  COALESCE(useridentity.sessioncontext.sourceidentity, '') AS source_identity,
  COALESCE(useridentity.onbehalfof.userid, '') AS on_behalf_of,
  COALESCE(useridentity.invokedby, '') AS invoked_by,
  lower(COALESCE(
    CASE
      WHEN eventname = 'StartQueryExecution' THEN json_extract_scalar(responseelements, '$.queryExecutionId')
      WHEN eventname = 'GetDataAccess' THEN NULLIF(regexp_extract(
        json_extract_scalar(requestparameters, '$.auditContext.additionalAuditContext'),
        'queryId["\s]*:["\s]*([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})', 1), '')
      WHEN eventname = 'GetObject' THEN NULLIF(regexp_extract(
        json_extract_scalar(requestparameters, '$.key'),
        '([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})[.]csv$', 1), '')
      ELSE json_extract_scalar(requestparameters, '$.queryExecutionId')
    END, '')) AS query_id,
  COALESCE(json_extract_scalar(requestparameters, '$.tableArn'), '') AS table_arn,
  COALESCE(json_extract_scalar(additionaleventdata, '$.lakeFormationPrincipal'), '') AS served,
  CASE
    WHEN json_extract_scalar(additionaleventdata, '$.requesterService') IS NOT NULL
      THEN json_extract_scalar(additionaleventdata, '$.requesterService')
    WHEN useridentity.invokedby = 'athena.amazonaws.com' OR sourceipaddress = 'athena.amazonaws.com' THEN 'ATHENA'
    ELSE ''
  END AS requester,
  COALESCE(json_extract_scalar(requestparameters, '$.userProfileName'), '') AS profile,
  COALESCE(
    json_extract_scalar(requestparameters, '$.resourceArn'),
    json_extract_scalar(requestparameters, '$.roleName'),
    json_extract_scalar(requestparameters, '$.userName'),
    json_extract_scalar(requestparameters, '$.groupName'),
    json_extract_scalar(requestparameters, '$.policyArn'),
    json_extract_scalar(requestparameters, '$.bucketName'),
    json_extract_scalar(requestparameters, '$.trailName'),
    json_extract_scalar(requestparameters, '$.name'),
    json_extract_scalar(requestparameters, '$.workGroup'),
    json_extract_scalar(requestparameters, '$.userProfileName'),
    json_extract_scalar(requestparameters, '$.domainId'),
    json_extract_scalar(requestparameters, '$.principal.dataLakePrincipalIdentifier'),
    '') AS subject,
  COALESCE(requestparameters, '') AS request
FROM once
WHERE event_time = '' OR event_time BETWEEN :since AND :until
