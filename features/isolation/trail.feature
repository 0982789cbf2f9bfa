@control:NIST-AU-9 @control:NIST-AU-9(4) @control:CCC.Core.CN09
Feature: Nobody touches the trail
  Whoever can stop a trail, redirect it, or read and delete its files, can hide what they did. Trails that are stopped or
  deleted here are decoys that the run made.

  @severity:critical @rows:trail-change
  Scenario Outline: <person> cannot call <change> on a trail at the console
    Given a decoy trail that the run made
    When <person> calls <change> on the decoy trail at the console
    Then IAM refuses it
    And the same call by the harness is allowed

  @severity:critical @rows:trail-change
  Scenario Outline: <person> cannot call <change> on a trail from Studio
    Given a decoy trail that the run made
    When <person> calls <change> on the decoy trail in Studio
    Then IAM refuses it
    And the same call by the harness is allowed

  @severity:critical @rows:log-call
  Scenario Outline: <person> cannot call <call> on the log bucket at the console
    When <person> calls <call> on the log bucket at the console
    Then S3 refuses it
    And the same call by the harness is allowed

  @severity:critical @rows:log-call
  Scenario Outline: <person> cannot call <call> on the log bucket from Studio
    When <person> calls <call> on the log bucket in Studio
    Then S3 refuses it
    And the same call by the harness is allowed

  @severity:critical @rows:trail-person
  Scenario Outline: <person> cannot change the log bucket
    Then by simulation of policies, these are denied to <person> on the log bucket, allowed to an administrator
      | action                           |
      | s3:DeleteBucket                  |
      | s3:DeleteBucketPolicy            |
      | s3:DeleteObject                  |
      | s3:PutBucketPolicy               |
      | s3:PutLifecycleConfiguration     |
      | s3:PutObject                     |
