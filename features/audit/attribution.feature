@audit @control:NIST-AU-12 @control:NIST-AU-10 @control:CCC.Core.CN04
Feature: Every query is tied to its person
  CloudTrail records who asked and what was read. Each query of this run leads, link by link, to the person who ran it.

  @severity:critical @control:CCC.IAM.CN09 @rows:person
  Scenario Outline: Every query of <person> that read data leads to them
    Given the queries by which <person> read table data
    Then each has one query event and its data access, and leads by role session, role and profile to <person>

  @severity:critical @rows:pair
  Scenario Outline: No query of <person> leads to <other>
    Given the queries by which <person> read table data
    Then none of them leads to <other>

  @severity:critical @rows:restricted-person
  Scenario Outline: Queries that were refused to <person> read nothing
    Given the queries that Lake Formation refused to <person>
    Then each has its query event, and no data access

  @severity:normal @control:NIST-AU-3 @rows:person-fact
  Scenario Outline: The records of <person> say <fact>
    Given the queries by which <person> read table data
    Then the records of each say <fact>

  @severity:critical @control:NIST-AC-6(9) @rows:person
  Scenario Outline: Calls that were refused to <person> are recorded
    Calls on S3 objects are left out: the event history never holds them, only a trail with data events does.

    Given the API calls that were refused to <person>
    Then each is recorded with an error code and the identity that tried

  @severity:critical @weakness:F11 @control:NIST-IA-2 @rows:person
  Scenario Outline: From sign-in to profile to query, <person> is one person
    Given the times that <person> opened their Studio profile
    Then each is recorded as <person>, for the profile whose role and queries are theirs
