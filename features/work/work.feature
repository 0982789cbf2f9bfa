@control:NIST-AC-3
Feature: The work goes on
  What the published walkthrough lets a data scientist do still works: a lake that refuses everybody is no use to anybody.

  @severity:critical @rows:reader
  Scenario Outline: <person> runs the walkthrough's notebook on <table>
    When <person> runs the walkthrough's notebook on <table>
    Then it finds the database and <table>, and shows <person> the granted columns

  @severity:normal @rows:person
  Scenario Outline: <person> does their work in Studio
    When <person> tries in Studio:
      | find themselves                                    |
      | see the domain and who is in it                    |
      | see and open their profile                         |
      | start, see and delete an app with a tag of its own |
      | read about the database and its tables             |
      | find and read their own queries                    |
      | read the file of their own results                 |
    Then each is allowed

  @severity:normal @rows:person
  Scenario Outline: <person> does their work at the console
    When <person> tries at the console:
      | find themselves                 |
      | see the domain and who is in it |
      | see and open their profile      |
    Then each is allowed
