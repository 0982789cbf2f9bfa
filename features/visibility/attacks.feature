@control:NIST-AC-3 @control:NIST-AC-4 @control:NIST-SC-4 @control:CCC.DataWar.CN02
Feature: No query reaches a column or row that was not granted
  Statements that try to reach what is hidden are drawn by the seed of the run, and sent as each person. They go round
  Lake Formation by conditions, joins, order, groups, windows, subqueries, lateral views, aliases, quotation, errors and
  metadata.

  A statement is held if Lake Formation refuses it while somebody who may is answered, or if its answer is the one that it
  has over nothing but what was granted. Anything else is reached, or no evidence.

  @severity:critical @rows:attacked
  Scenario Outline: No query of <person> reaches what was not granted
    When <person> sends the attacks that the seed draws for them
    Then none of them reached anything that was not granted to <person>
