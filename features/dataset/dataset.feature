@control:NIST-CM-6 @control:CCC.DataWar.CN01
Feature: The data set and who governs it
  The tables are as planned, Lake Formation governs them, and there is no way around it.

  Scenario: The database holds exactly the planned tables
    Given the catalog as it is
    Then it has exactly the planned tables

  @rows:table
  Scenario Outline: <table> has the planned columns
    Given the catalog as it is
    Then <table> has exactly the planned columns and types, in order

  @rows:table
  Scenario Outline: <table> has the planned partitions
    Given the catalog as it is
    Then <table> has exactly the planned partitions

  @severity:critical @rows:table
  Scenario Outline: <table> is governed by Lake Formation
    Given the catalog as it is
    Then <table> lies in a location that is registered with Lake Formation

  @severity:critical @weakness:F6
  Scenario: IAM alone decides about nothing of the lake
    Then IAMAllowedPrincipals has no permission on the planned database or its tables, or by default

  @severity:critical @control:NIST-AC-4 @rows:reader
  Scenario Outline: <person> cannot read the files of <table> directly
    When <person> reads a file of <table> directly from S3 in Studio
    Then S3 refuses it
    And the same call by the harness is allowed

  @severity:critical @control:NIST-AC-4 @weakness:F2 @rows:reader
  Scenario Outline: <person> cannot read the files of <table> from the console either
    When <person> reads a file of <table> directly from S3 at the console
    Then S3 refuses it
    And the same call by the harness is allowed

  @severity:critical @control:NIST-AC-4 @weakness:F19 @rows:reader
  Scenario Outline: <person> cannot list the files of <table>
    When <person> lists the files of <table> in S3
    Then S3 refuses it
    And the same call by the harness is allowed
