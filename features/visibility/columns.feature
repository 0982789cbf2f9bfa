@control:NIST-AC-3 @control:NIST-AC-6 @control:CCC.DataWar.CN02
Feature: Column visibility
  Each data scientist reads the columns that were granted to their execution role, and no other.

  A refusal counts only if Lake Formation refuses the column, and if somebody who may see it runs the same SQL in the
  same run and is given an answer.

  @severity:critical @rows:reader
  Scenario Outline: <person> selects everything from <table> and sees exactly the granted columns
    When <person> selects everything from <table>
    Then <person> sees exactly the granted columns of <table>, in order

  @severity:normal @rows:granted-column
  Scenario Outline: <person> reads <column> of <table>
    When <person> selects the column <column> of <table>
    Then the column is shown

  @severity:critical @rows:hidden-column
  Scenario Outline: <person> is refused <column> of <table>
    When <person> selects the column <column> of <table>
    Then Lake Formation refuses the column
    And the same query is allowed to somebody who may see <column> of <table>

  @severity:critical @rows:hidden-use
  Scenario Outline: <person> <use> <column> of <table> without showing it and is refused
    When <person> <use> the column <column> of <table> without showing it
    Then Lake Formation refuses the column
    And the same query is allowed to somebody who may see <column> of <table>

  @severity:critical @rows:hidden-table
  Scenario Outline: <person> is refused the table <table>
    When <person> selects everything from <table>
    Then Lake Formation refuses the table
    And the same query is allowed to somebody who may see <table>
