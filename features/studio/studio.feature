@control:NIST-AC-2 @control:NIST-IA-4 @control:CCC.MLDE.CN01
Feature: SageMaker Studio
  Each person has one Studio profile, which carries their user id and runs as their execution role.

  Scenario: The domain is in service as planned
    Given the Studio domain
    Then it is in service
    And its sessions carry the profile's name as source identity, if the plan says so
    And its default execution role is the planned one, which no profile uses

  Scenario: The domain has no profile that was not planned
    Then the domain has a profile for each person, and no other but decoys of this run

  @severity:critical @rows:person
  Scenario Outline: The profile of <person> is theirs
    Given the Studio profile of <person>
    Then the profile is in service, tagged with the user id of <person>, and bound to their execution role
