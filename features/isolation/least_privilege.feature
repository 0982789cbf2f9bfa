@control:NIST-AC-6 @control:NIST-AC-6(10) @control:NIST-AC-3 @control:CCC.IAM.CN02
Feature: Least privilege
  Everything that AWS offers and the work does not need is refused: the lake, the results, Studio, the catalog, the trail.

  What is allowed stands in the plan's table of least privilege, which is written beside the policies and not made from
  them. Thousands of actions are not tried but simulated, by the account's own policy simulator. Requests that harm
  nothing are sent as well: what comes of them must be what the table says, and what the simulator says.

  @severity:critical @rows:listed-person
  Scenario Outline: <person> may do at the console what is listed, and nothing else
    Then by simulation of policies, <person> may do at the console what is listed, and nothing else

  @severity:critical @rows:listed-person
  Scenario Outline: <person> may do in Studio what is listed, and nothing else
    Then by simulation of policies, <person> may do in Studio what is listed, and nothing else

  @severity:critical @rows:listed-person
  Scenario Outline: <person> is answered at the console as listed
    When <person> sends the listed requests at the console
    Then each comes out as listed, and as policies are simulated

  @severity:critical @rows:listed-person
  Scenario Outline: <person> is answered in Studio as listed
    When <person> sends the listed requests in Studio
    Then each comes out as listed, and as policies are simulated
