"""Which experts there are: discovery, admission by rule, and the shortlist for a request."""
