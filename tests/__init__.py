"""The tests. What several of them share is in `support`."""

import pytest

pytest.register_assert_rewrite("tests.support")  # a failure there shows its values, as one in a test does
