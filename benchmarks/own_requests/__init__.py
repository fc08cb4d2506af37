"""120 requests as people write them, half of them Chinese, judged by the final answer. Knows no controller's insides."""
