"""From evidence to an answer whose every sentence says where it came from."""
