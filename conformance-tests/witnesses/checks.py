"""What the witnesses of every vendor share: comparing, and one line per check."""

import contextlib
import sys
import traceback


def equal(found, expected, what="value"):
    if found != expected:
        raise AssertionError(f"{what} is {found!r}, not {expected!r}")


def each_once(found, expected, what="rows"):
    """The same things, each exactly once, in any order."""
    found, expected = [str(value) for value in found], [str(value) for value in expected]
    twice = sorted({value for value in found if found.count(value) > 1})
    missing, strange = sorted(set(expected) - set(found)), sorted(set(found) - set(expected))
    if twice or missing or strange:
        raise AssertionError(f"{what}: twice {twice[:5]}, missing {missing[:5]}, not expected {strange[:5]}")
    equal(len(found), len(expected), f"number of {what}")


@contextlib.contextmanager
def raises(kind, *words):
    """The client has to refuse, in an error of its own that says this."""
    try:
        yield
    except kind as error:
        for word in words:
            if word not in str(error):
                raise AssertionError(f"{error!r} does not say {word!r}") from error
    else:
        raise AssertionError(f"no {kind.__name__}")


class Witness:
    """Runs checks one after the other, prints a line for each, and counts what failed."""

    def __init__(self, client, subjects):
        self.client, self.subjects = client, subjects
        self.shown, self.failed, self.skipped = [], [], []

    @contextlib.contextmanager
    def check(self, subject, saying):
        try:
            yield
        except Exception as error:  # a client's own mistakes count against the check as well
            self.failed.append(subject)
            print(f"FAIL  {self.client}: {subject}: {saying}", flush=True)
            traceback.print_exception(error, limit=-4, file=sys.stdout)
        else:
            self.shown.append(subject)
            print(f"ok    {self.client}: {subject}: {saying}", flush=True)

    def skip(self, subject, reason):
        self.skipped.append(subject)
        print(f"skip  {self.client}: {subject}: {reason}", flush=True)

    def finish(self):
        """Ends the program: 1 where a check failed, or where a subject was neither checked nor skipped."""
        forgotten = [subject for subject in self.subjects if subject not in self.shown + self.failed + self.skipped]
        for subject in forgotten:
            print(f"FAIL  {self.client}: {subject}: neither checked nor skipped", flush=True)
        print(
            f"--    {self.client}: {len(self.shown)} checks passed, {len(self.failed) + len(forgotten)} failed,"
            f" {len(self.skipped)} skipped",
            flush=True,
        )
        sys.exit(1 if self.failed or forgotten else 0)
