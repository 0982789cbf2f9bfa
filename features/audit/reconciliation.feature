@audit @control:NIST-AU-12 @control:NIST-AU-6(3) @control:CCC.Logging.CN01
Feature: Ledger and trail tell the same story
  Both ways: what this run did is on the trail, and what the trail says of the plan's identities is in the run's ledger,
  or explained. A record that nobody can explain is an access that nobody knows of.

  @severity:critical @rows:person
  Scenario Outline: Everything that <person> did in this run is on the trail
    Calls on S3 objects are left out: the event history never holds them, only a trail with data events does.

    Given the probes of <person> that AWS answered
    Then each has its records, by the identity that probed

  @severity:critical
  Scenario: Everything that the harness and its control reader probed is on the trail
    Given the probes of everybody else that AWS answered
    Then each has its records, by the identity that probed

  @severity:critical @control:NIST-AU-10 @rows:person
  Scenario Outline: Everything that the trail says of <person> is in the ledger
    Given the records of the identities of <person> in the time of this run
    Then each has its entry in the ledger, or a stated explanation

  @severity:critical @control:NIST-AU-10
  Scenario: No other identity of the plan did anything that is not in the ledger
    The control reader's role and the domain's default execution role; the harness's own principal is an administrator of
    the account, and does what its journal says.

    Given the records of the other identities of the plan in the time of this run
    Then each has its entry in the ledger, or a stated explanation
