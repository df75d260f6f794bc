"""Counts checks and remembers differences, for programs that compare to the end before they judge."""

differences: list[str] = []
done = 0


def note(text: str) -> None:
    """Counts a check that went well."""
    global done
    done += 1
    print(f"ok    {text}", flush=True)


def differ(text: str) -> None:
    """Remembers a difference."""
    differences.append(text)
    print(f"DIFF  {text}", flush=True)


def expect(what: str, actual, expected) -> None:
    """One comparison."""
    if actual == expected:
        note(what)
    else:
        differ(f"{what}: {actual!r} instead of {expected!r}")


def conclude() -> int:
    """Says what was found; the exit code."""
    print(f"{done} checks, {len(differences)} differences")
    return 1 if differences or not done else 0
