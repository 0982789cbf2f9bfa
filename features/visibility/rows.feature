@control:NIST-AC-3 @control:NIST-AC-6 @control:CCC.DataWar.CN02
Feature: Row visibility
  Each data scientist reads the rows that were granted to their execution role, and no other.

  What a person sees is counted, and compared with what somebody who sees everything counts through the planned row
  filter. Of each row a part of its MD5 is added up, so that other rows in the same number are found; no value is shown.

  @severity:critical @rows:reader
  Scenario Outline: <person> sees exactly the granted rows of <table>
    When <person> counts what they see of <table>
    Then it is exactly what was granted to <person> of <table>: no row is missing, none is extra

  @severity:critical @rows:filtered
  Scenario Outline: Rows of <table> are kept back from <person>
    When <person> counts what they see of <table>
    Then the row filter keeps all others back from <person>, and shows them to somebody who may see <table>
