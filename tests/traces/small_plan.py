"""A plan whose jobs need no model: what is collected follows from the number of the job."""

from dataclasses import dataclass, fields
from typing import ClassVar

from simlib.traces.collect._plan import FamilyPlan, Job, frame


@dataclass(frozen=True, kw_only=True)
class SmallPlan(FamilyPlan):
    """Attempts at `parts` items, one job each; the names of jobs done are put into `log`."""

    family: ClassVar[str] = "attempts"
    tables: ClassVar[tuple[str, ...]] = ("attempts", "votes")
    log: ClassVar[list[str]] = []

    model: str = "smollm2"
    entropy: int = 7
    parts: int = 6

    def software(self):
        return {"none": "0"}

    def require(self):
        pass

    def _name(self, number):
        return f"answers/copy-2/{number:04d}"

    def items(self):
        rows = [
            (self._name(number), "answers", "copy", 2, f"copy {number} 5 = ", f"{number} 5")
            for number in range(self.parts)
        ]
        return frame("items", rows)

    def prefixes(self):
        return {"copy-2": "copy 1 2 = 1 2\n"}

    def jobs(self):
        # Names in descending order: the tables follow the order of the jobs, not of the files.
        return [
            Job(f"part-{999 - number:03d}", f"sample {number}", 10 + number, self._work(number))
            for number in range(self.parts)
        ]

    def _work(self, number):
        def work(lazy):
            self.log.append(f"part-{999 - number:03d}")
            name, successes = self._name(number), (self.entropy * (number + 1)) % 11
            attempts = [(name, self.model, 20, successes, "fixed", None)]
            votes = [
                (name, self.model, f"{number} {digit}", 1 + digit, digit == 5)
                for digit in range(200)
            ]
            return {"attempts": frame("attempts", attempts), "votes": frame("votes", votes)}

        return work


def rows_of(collected, table):
    """Numbers of the items in the order in which they stand in a table."""
    return [
        int(name.rpartition("/")[2])
        for name in collected.tables[table]["item_id"].unique(maintain_order=True)
    ]


def fault(plan, number, error):
    """The plan with a job that raises."""

    class Faulty(type(plan)):
        def _work(self, other):
            if other != number:
                return super()._work(other)

            def work(lazy):
                raise error

            return work

    return Faulty(**{item.name: getattr(plan, item.name) for item in fields(plan)})
