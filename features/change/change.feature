@control:NIST-CM-5 @control:NIST-AC-6 @control:CCC.Core.CN05
Feature: Nobody changes what decides
  A data scientist reads what was granted. Workgroups, the catalog, grants and settings are changed by engineers.

  @severity:critical @weakness:F5 @rows:person
  Scenario Outline: <person> cannot change a workgroup
    When <person> tries in Studio:
      | change their own workgroup                |
      | send the results of a workgroup elsewhere |
    Then each is refused
    And the harness may do each

  @severity:critical @weakness:F10 @control:NIST-AU-10 @rows:person
  Scenario Outline: <person> cannot erase what they have asked
    CloudTrail hides the SQL: Athena's history is the only place that has it, and goes with its workgroup.

    When <person> tries to query in a workgroup of their own making and erase it in Studio
    Then each is refused
    And the harness may do each

  @severity:critical @weakness:F17 @rows:person
  Scenario Outline: <person> cannot add to the data catalog
    When <person> tries in Studio:
      | create a database                       |
      | create a table in a database of theirs  |
    Then each is refused
    And the harness may do each

  @severity:critical @weakness:F6 @control:NIST-AC-3 @rows:person
  Scenario Outline: <person> cannot read what an engineer adds and grants to nobody
    When <person> tries to read a table that an engineer adds without granting it in Studio
    Then each is refused
    And the harness may do each

  @severity:critical @rows:person
  Scenario Outline: <person> cannot grant to others, nor change the data lake
    When <person> tries in Studio:
      | grant what they were granted to somebody else |
      | change the settings of the data lake          |
    Then each is refused
    And the harness may do each

  @severity:critical @weakness:F2 @rows:person
  Scenario Outline: <person> cannot read, delete or forge logs from the console
    When <person> tries at the console:
      | read a log                 |
      | delete a log               |
      | write a log of their own   |
    Then each is refused
    And the harness may do each
