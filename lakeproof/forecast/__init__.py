"""What a sign-off will ask of AWS, cost and take: from the calls of a rehearsal, prices and latencies. Asks nobody."""
