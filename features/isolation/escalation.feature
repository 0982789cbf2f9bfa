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

  @severity:critical @rows:person
  Scenario Outline: Nobody else of the account becomes <person>
    The roles that a person acts through let in SageMaker, the person's own way of signing in, and the harness.

    Given a stranger of the account who may assume any role
    When the stranger tries to become <person>
    Then the trust policies refuse each
    And the harness may become <person> so

  @severity:critical @weakness:F1 @weakness:F11 @rows:person
  Scenario Outline: <person> cannot take over a profile by tagging it at the console
    Whoever opens the profile of somebody else works as them, and the audit trail names them.

    When <person> tries to take over a profile at the console
    Then each is refused
    And the harness may do each

  @severity:critical @weakness:F1 @weakness:F11 @rows:person
  Scenario Outline: <person> cannot take over a profile by tagging it from Studio
    When <person> tries to take over a profile in Studio
    Then each is refused
    And the harness may do each

  @severity:critical @weakness:F3 @weakness:F11 @rows:pair
  Scenario Outline: <person> cannot run code as <other> from the console
    When <person> tries at the console, against <other>:
      | start a processing job as somebody else |
    Then each is refused
    And the harness may do each

  @severity:critical @weakness:F3 @weakness:F11 @rows:pair
  Scenario Outline: <person> cannot run code as <other> from Studio
    When <person> tries in Studio, against <other>:
      | start a processing job as somebody else |
    Then each is refused
    And the harness may do each

  @severity:critical @weakness:F3 @weakness:F20 @rows:person
  Scenario Outline: <person> cannot run code as the domain's default role
    When <person> tries to start a training job as the domain's default role at the console
    Then each is refused
    And the harness may do each

  @severity:critical @weakness:F7 @rows:person
  Scenario Outline: <person> cannot pass a role to Athena for Spark
    When <person> tries to make an Athena for Spark workgroup that runs as a decoy role in Studio
    Then each is refused
    And the harness may do each

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
    And by simulation of policies, sagemaker:CreateNotebookInstance is denied to <person> and allowed to an administrator

  @severity:critical @rows:person
  Scenario Outline: <person> cannot delete the domain
    Then by simulation of policies, sagemaker:DeleteDomain is denied to <person> and allowed to an administrator

  @severity:critical @rows:person
  Scenario Outline: <person> cannot change the domain
    Then by simulation of policies, sagemaker:UpdateDomain is denied to <person> and allowed to an administrator
