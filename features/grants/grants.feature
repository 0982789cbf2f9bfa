@control:NIST-AC-6 @control:NIST-CM-6
Feature: Lake Formation permissions
  What was granted is exactly what was planned: nothing is missing, and nobody else was granted anything.

  @severity:critical
  Scenario: The permissions of the whole account on the data set are exactly the planned ones
    Given every Lake Formation permission of the account
    Then they are exactly the planned ones

  @severity:critical @rows:person
  Scenario Outline: The permissions of <person> are exactly the planned ones
    Given every Lake Formation permission of the account
    Then those of <person> are exactly the planned ones

  @severity:critical
  Scenario: The row filters behind the permissions let through what was planned
    Then the row filters of the data set are exactly the planned ones

  @severity:critical
  Scenario: The LF-Tags that permissions are granted by lie where they were planned
    Then the LF-Tags of the data set are exactly the planned ones

  @severity:critical
  Scenario: Nobody of the plan administers the data lake
    Then no person of the plan is a data lake administrator

  @severity:normal @weakness:F8
  Scenario: Nobody may grant to others what they were granted
    Given every Lake Formation permission of the account
    Then none of them on the data set is with grant option
