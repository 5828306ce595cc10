"""The one exception meant for people: what is wrong, where, and what would be right."""


class UserError(Exception):
    """Bad input that the user can mend. Its message is one sentence, shown without a traceback."""
