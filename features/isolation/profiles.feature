@control:NIST-AC-3 @control:NIST-IA-2 @control:CCC.MLDE.CN01
Feature: Isolation of Studio profiles
  A person opens their own Studio profile and nobody else's, whichever way they signed in.

  A refusal counts only with its cause, and if the profile's owner may do the same.

  @severity:critical @rows:person
  Scenario Outline: <person> opens their own profile
    When <person> opens the profile of <person> at the console
    Then it is allowed

  @severity:normal @rows:person
  Scenario Outline: <person> starts an app in their own profile
    When <person> starts an app in the profile of <person> in Studio
    Then it is allowed

  @severity:critical @rows:pair
  Scenario Outline: <person> cannot open the profile of <other>
    When <person> opens the profile of <other> at the console
    Then an explicit deny refuses it
    And the same call by <other> at the console is allowed

  @severity:critical @rows:pair
  Scenario Outline: <person> cannot describe the profile of <other> at the console
    When <person> describes the profile of <other> at the console
    Then an explicit deny refuses it
    And the same call by <other> at the console is allowed

  @severity:critical @rows:pair
  Scenario Outline: <person> cannot describe the profile of <other> from Studio
    When <person> describes the profile of <other> in Studio
    Then an explicit deny refuses it
    And the same call by <other> in Studio is allowed

  @severity:critical @rows:pair
  Scenario Outline: <person> cannot start an app in the profile of <other>
    When <person> starts an app in the profile of <other> in Studio
    Then an explicit deny refuses it
    And the same call by <other> in Studio is allowed
