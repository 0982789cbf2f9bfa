@control:NIST-AU-2 @control:NIST-AU-12 @control:CCC.Core.CN04
Feature: A trail keeps what happens
  The event history forgets after 90 days and never holds a call on an object. A trail keeps both, if it records every
  Region and the objects of lake and results; and its files prove that nobody changed them, if it is told to sign them.

  @severity:critical @weakness:F12
  Scenario: The account keeps a trail of the lake and of its results
    Asked of the account, whatever the plan says: a trail of the organisation will do.

    Given the trails of the account
    Then one of them is logging, in every Region, validated, with the objects of lake and results

  @severity:critical @rows:trail
  Scenario Outline: <trail> records every management event of every Region
    Given the trail <trail>
    Then it records every Region, global services and all management events

  @severity:critical @rows:trail
  Scenario Outline: <trail> records every call on objects of lake and results
    Given the trail <trail>
    Then it records reads and writes of all objects of lake and results

  @severity:critical @control:NIST-AU-9(3) @rows:trail
  Scenario Outline: <trail> signs its log files
    Given the trail <trail>
    Then log file validation is on

  @severity:critical @rows:trail
  Scenario Outline: <trail> is logging, into the planned bucket
    Given the trail <trail>
    Then it is logging, without an error, into the planned bucket

  @severity:critical @control:NIST-AU-9 @control:NIST-AU-9(4) @control:CCC.Core.CN09 @rows:trail
  Scenario Outline: The log bucket of <trail> lets in nobody but CloudTrail
    Given the log bucket of <trail>
    Then the public is kept out, and its policy admits CloudTrail alone

  @audit @severity:critical @rows:trail
  Scenario Outline: <trail> was logging all the time
    Given the trail <trail> when all else has run
    Then it has been logging since before the first probe, and has not been stopped

  @audit @severity:critical @control:NIST-AU-9(3) @rows:trail
  Scenario Outline: No file of <trail> was changed, removed or added
    Digests that are not due yet prove nothing: then integrity is not claimed, and the scenario is NOT_OBTAINED.

    Given the log and digest files of <trail>
    Then every file is as its digest says, and an unbroken chain of signed digests covers this run

  @audit @severity:critical @rows:trail-person
  Scenario Outline: Every call of <person> on objects of lake and results is in the log files
    Among them their fetching a result of their own, and what they tried on the files of the lake.

    Given the calls of <person> on objects of lake and results
    Then each is in a sealed log file, with its outcome and the identity that called

  @audit @severity:critical @rows:trail
  Scenario Outline: Every read of the lake by the harness is in the log files of <trail>
    The harness may read the files of the lake, so its reads are recorded as allowed, and by it.

    Given the calls of the harness on objects of the lake
    Then each is in a sealed log file, with its outcome and the identity that called

  @audit @severity:critical @control:NIST-AU-10 @rows:trail-person
  Scenario Outline: Every call on objects that the log files say <person> made is in the ledger
    Given the records of calls on objects by the identities of <person> in the log files
    Then each has its entry in the ledger, or a stated explanation

  @audit @severity:critical @rows:trail-person
  Scenario Outline: What the event history says of <person> is in the log files too
    Given the records of the identities of <person> in the time of this run
    Then each is in a sealed log file too
