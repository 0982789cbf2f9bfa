@control:NIST-AC-2 @control:NIST-AC-6 @control:CCC.IAM.CN03
Feature: Roles and policies of the people
  Each person has an execution role of their own, with the planned rights, trusted by the planned principals alone.

  @rows:person
  Scenario Outline: The execution role of <person> is named by convention and tagged with the profile
    Given the execution role of <person>
    Then its name follows the convention of the plan for <person>
    And its tag names the profile of <person>

  @severity:critical @rows:person
  Scenario Outline: The execution role of <person> has exactly the planned policies
    Given the execution role of <person>
    Then it has exactly the planned policies
    And its own policy says exactly what the plan says
    And it does not have the policy AmazonSageMakerFullAccess

  @severity:critical @control:NIST-IA-2 @rows:person
  Scenario Outline: The execution role of <person> trusts nobody but the planned principals
    Given the execution role of <person>
    Then it trusts exactly whom the plan says, under the planned conditions

  @severity:normal @control:NIST-AC-3 @weakness:F15 @rows:person
  Scenario Outline: No service uses the execution role of <person> on behalf of another account
    Given the execution role of <person>
    Then it trusts services for this account alone

  @severity:critical @control:NIST-IA-2 @rows:person
  Scenario Outline: The execution role of <person> cannot be assumed without the planned condition
    When the harness assumes the execution role of <person> without its external id
    Then the trust policy refuses it
    And with the external id it may assume the execution role of <person>

  @severity:critical @rows:person
  Scenario Outline: <person> has exactly the planned policies at the console
    Given the console identity of <person>
    Then <person> has exactly the planned policies at the console

  @severity:critical @weakness:F20
  Scenario: The domain's default execution role has no rights
    Given the domain's default execution role
    Then by simulation of policies, it may do none of:
      | athena:GetQueryResults             |
      | athena:StartQueryExecution         |
      | glue:GetTable                      |
      | iam:PassRole                       |
      | lakeformation:GetDataAccess        |
      | s3:GetObject                       |
      | s3:PutObject                       |
      | sagemaker:AddTags                  |
      | sagemaker:CreatePresignedDomainUrl |
      | sagemaker:CreateTrainingJob        |
      | sts:AssumeRole                     |
    And it has no policy at all

  @rows:iam-group
  Scenario Outline: The group <group> has exactly the planned members
    Then the group <group> has exactly the planned members
