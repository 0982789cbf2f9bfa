@control:NIST-AC-3 @control:NIST-AC-4
Feature: Visibility of metadata
  What a person may not read, the catalog does not name to them either.

  @severity:normal @rows:person
  Scenario Outline: <person> lists the databases
    When <person> lists the databases
    Then <person> sees the planned database, and no other of the account but default

  @severity:normal @rows:person
  Scenario Outline: <person> lists the tables
    When <person> lists the tables
    Then <person> sees exactly the tables that were granted

  @severity:critical @rows:reader
  Scenario Outline: <person> describes <table>
    When <person> describes <table>
    Then no column of <table> is named that <person> may not see
