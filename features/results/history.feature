@control:NIST-SC-4 @control:NIST-AC-6 @control:CCC.DataWar.CN02
Feature: What a query leaves behind
  SQL, answers and result files belong to whoever asked. Lake Formation does not govern them: a column that was filtered for
  one person lies in clear in the results of another.

  @severity:critical @weakness:F5 @rows:pair
  Scenario Outline: <person> cannot get at the queries of <other>
    When <person> tries in Studio, against <other>:
      | find and read the queries                  |
      | list the queries                           |
      | read the SQL of a query                    |
      | read the SQL of several queries            |
      | read the answer to a query                 |
      | stop a query                               |
      | look into the workgroup                    |
      | run a query where the queries of theirs run |
    Then each is refused
    And <other> may do each in Studio

  @severity:critical @weakness:F4 @rows:pair
  Scenario Outline: <person> cannot get at the result files of <other> from Studio
    When <person> tries in Studio, against <other>:
      | read a file of results               |
      | list the files of results            |
      | leave a file among the results       |
    Then each is refused
    And <other> may do each in Studio

  @severity:critical @weakness:F2 @weakness:F4 @rows:pair
  Scenario Outline: <person> cannot get at the result files of <other> from the console
    When <person> tries at the console, against <other>:
      | read a file of results               |
      | list the files of results            |
      | leave a file among the results       |
    Then each is refused
    And the harness may do each

  @severity:normal @weakness:F16 @control:NIST-AC-4 @rows:person
  Scenario Outline: The results of <person> reach no bucket of a stranger
    Whoever takes a bucket's name first owns it. A policy without aws:ResourceAccount writes there all the same.

    Then by simulation of policies, s3:PutObject on the results of <person> is allowed in this account and in no other
    And the name of the results bucket does not follow from account and Region
    And the workgroup of <person> enforces where results go, and whose bucket that must be
