"""From files of raw text to shards: sources, pieces, cleaning, engines, jobs."""
