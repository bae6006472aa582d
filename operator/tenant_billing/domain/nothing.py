"""A mapping of nothing, as the default of fields that hold metadata."""

from collections.abc import Iterator, Mapping


class _Nothing(Mapping[str, str]):
    """A mapping of nothing. Hashable, as the default of a field has to be before Python 3.12."""

    def __getitem__(self, key: str) -> str:
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "{}"


EMPTY: Mapping[str, str] = _Nothing()
