"""The words of questions and answers: for an employer about a worker, or for a person about himself or herself."""

from dataclasses import dataclass

from portadoc.portal.questions.form import UNKNOWN, Capacity, Case, Field, FieldKind, Question, Shape
from portadoc.portal.questions.summary import Line
from portadoc.schemas.claims import Json
from portadoc.web.pages.reader import Reader

_EMPLOYER_REFERENCE = "E"
_ABOUT_THE_PERSON = frozenset({"worker", "residence", "own_seat"})


@dataclass(frozen=True, slots=True)
class Words:
    """Says what questions and answers mean to one reader in one case."""

    reader: Reader
    case: Case

    def title(self, question: Question) -> str:
        """Return the question itself."""
        return self._best(question.id, "title") or question.id

    def short(self, question: Question) -> str:
        """Return what the answer is called in a list of answers."""
        return self._best(question.id, "short") or self.title(question)

    def about_reader(self, question: Question) -> bool:
        """Tell whether the question is about the person who answers, or the business of that person."""
        own = self.case.known.capacity is not Capacity.EMPLOYER
        return own and question.id in _ABOUT_THE_PERSON

    def help(self, question: Question) -> str:
        """Return why it is asked or how to answer; empty where that needs no words."""
        return self._best(question.id, "help")

    def row(self, question: Question, number: int) -> str:
        """Return what a row of a table is called."""
        return f"{self._best(question.id, 'row')} {number}"

    def label(self, question: Question, field: Field) -> str:
        """Return the label of a field; the question itself where there is only one field and no word for it."""
        if question.shape is Shape.ONE:
            return self._best(question.id, "label") or self.title(question)
        return self._best(question.id, field.name) or self.title(question)

    def told_label(self, question: Question, field: Field) -> str:
        """Return what an answered field is called where answers are read again."""
        return self._best(question.id, f"{field.name}.short") or self.label(question, field)

    def has_label(self, question: Question) -> bool:
        """Tell whether the only field of a question has a label beside the question."""
        return bool(self._best(question.id, "label"))

    def hint(self, question: Question, field: Field) -> str:
        """Return how to fill in a field; empty where that needs no words."""
        return self._best(question.id, f"{field.name}.hint")

    def option(self, question: Question, field: Field, value: str) -> str:
        """Return the words for one option."""
        if value in ("yes", "no", UNKNOWN):
            return self.reader.say(f"option.{value}")
        if (own := self.case.known.choices.get(field.name, {}).get(value)) is not None:
            return own
        if field.name == "work" and value.startswith(_EMPLOYER_REFERENCE):
            return self._employer(value)
        inner = "option" if question.shape is Shape.ONE else f"{field.name}.option"
        return self._best(question.id, f"{inner}.{value}") or value

    def option_hint(self, question: Question, value: str) -> str:
        """Return an example for an option; empty where it needs none."""
        return self._best(question.id, f"option.{value}.hint")

    def value(self, question: Question, line: Line) -> str:
        """Return an answer in words."""
        value, kind = line.value, line.field.kind
        if value is None:
            return self.reader.say("option.unknown" if line.field.unknown else "option.not_given")
        if isinstance(value, bool):
            return self.reader.say("option.yes" if value else "option.no")
        match kind:
            case FieldKind.DATE:
                return self.reader.day(value)
            case FieldKind.COUNTRY | FieldKind.NATIONALITY:
                return self.nationality(value)
            case FieldKind.CHOICE:
                return self.option(question, line.field, value)
            case FieldKind.PERCENT:
                return f"{value:g} %"
            case _:
                return str(value)

    def nationality(self, code: str) -> str:
        """Return the name of a country, or of what stands in place of a nationality."""
        key = f"nationality.{code}"
        return self.reader.say(key) if self.reader.has(key) else self.reader.country(code)

    def _employer(self, reference: str) -> str:
        number = int(reference[1:])
        if number == 1:
            return str(self.case.part("employer", "name") or reference)
        return str(self.case.rows("other_employers")[number - 2]["name"])

    def _best(self, question: str, what: str) -> str:
        """Return the words that fit the reader best, empty where there are none."""
        for audience in self._audiences():
            key = f"question.{question}.{audience}{what}"
            if self.reader.has(key):
                return self.reader.say(key, **self._params())
        return ""

    def _audiences(self) -> tuple[str, ...]:
        if self.case.known.capacity is Capacity.EMPLOYER:
            return ("",)
        own = ("worker.",) if self.case.known.capacity is Capacity.WORKER else ()
        return (*own, "self.", "")

    def _params(self) -> dict[str, Json]:
        end = self.case.part("earlier_period", "end")
        return {"earlier_end": "" if end is None else self.reader.day(end)}
