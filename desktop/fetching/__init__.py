"""Further detectors, fetched by choice: nothing here is asked of any server unless a user said so."""
