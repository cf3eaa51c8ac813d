"""What a token store is on disk: shards, manifest, held-out documents."""
