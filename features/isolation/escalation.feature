@control:NIST-AC-6 @control:NIST-AC-6(10) @control:CCC.IAM.CN02
Feature: No way to become somebody else
  Nobody assumes another's role, takes over a profile, or makes resources that run with other rights.

  What could destroy something aims at a decoy that the run made for it. Where there can be no decoy, the policies are
  simulated instead, and the step says so.

  @severity:critical @rows:pair
  Scenario Outline: <person> cannot assume the execution role of <other> at the console
    When <person> assumes the execution role of <other> at the console
    Then nobody may assume it so
    And the same call by the harness is allowed

  @severity:critical @rows:pair
  Scenario Outline: <person> cannot assume the execution role of <other> from Studio
    When <person> assumes the execution role of <other> in Studio
    Then nobody may assume it so
    And the same call by the harness is allowed

  @severity:critical @control:NIST-SC-4 @weakness:F5 @rows:pair
  Scenario Outline: <person> cannot read the query results of <other>
    When <person> reads the results of a query of <other> in Studio
    Then IAM refuses it
    And the same call by <other> in Studio is allowed

  @severity:critical @weakness:F1 @rows:person
  Scenario Outline: <person> cannot take over a profile by tagging it at the console
    Given a decoy profile that the run made
    When <person> tags the decoy as their own at the console
    Then an explicit deny refuses it
    And the same call by the harness is allowed

  @severity:critical @weakness:F1 @rows:person
  Scenario Outline: <person> cannot take over a profile by tagging it from Studio
    Given a decoy profile that the run made
    When <person> tags the decoy as their own in Studio
    Then an explicit deny refuses it
    And the same call by the harness is allowed

  @severity:critical @rows:person
  Scenario Outline: <person> cannot delete a profile
    Given a decoy profile that the run made
    When <person> deletes the decoy at the console
    Then an explicit deny refuses it
    And the same call by the harness is allowed

  @severity:critical @rows:person
  Scenario Outline: <person> cannot create a profile
    When <person> creates a decoy profile at the console
    Then an explicit deny refuses it
    And the same call by the harness is allowed

  @severity:critical @rows:pair
  Scenario Outline: <person> cannot create a notebook instance that runs as <other>
    When <person> creates a notebook instance with the execution role of <other> at the console
    Then an explicit deny refuses it
    And by simulation of policies, sagemaker:CreateNotebookInstance is denied to <person> and allowed to the harness

  @severity:critical @rows:person
  Scenario Outline: <person> cannot delete the domain
    Then by simulation of policies, sagemaker:DeleteDomain is denied to <person> and allowed to the harness

  @severity:critical @rows:person
  Scenario Outline: <person> cannot change the domain
    Then by simulation of policies, sagemaker:UpdateDomain is denied to <person> and allowed to the harness
