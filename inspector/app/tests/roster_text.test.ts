import assert from "node:assert/strict";
import { test } from "node:test";

import { columnsOf, USUAL_ORDER } from "../visits/roster/columns.ts";
import { MOST_WORKERS, readRoster } from "../visits/roster/text.ts";

test("a list is read whatever separates its columns, and however days are written", () => {
  for (const separator of ["\t", ";", ","]) {
    const line = ["Testperson", "Ada", "31.03.1990", "FR123", "TEST-1", "2026-01-01", "30/06/2026"].join(
      separator,
    );
    assert.deepEqual(readRoster(line).workers, [
      {
        id: "w1",
        surname: "Testperson",
        forenames: "Ada",
        birthDate: "1990-03-31",
        employerId: "FR123",
        number: "TEST-1",
        first: "2026-01-01",
        last: "2026-06-30",
      },
    ]);
  }
});

test("headings are no worker, quotes hold separators, empty lines count but say nothing", () => {
  const { workers, unread } = readRoster('\uFEFFName;First;Born\r\n"Test; ""A""";Ada;1990-03-31\r\n\r\n');
  assert.deepEqual(workers.map((each) => [each.id, each.surname]), [["w2", 'Test; "A"']]);
  assert.deepEqual(unread, []);
});

test("a line that cannot be read is told with its number and never half taken", () => {
  const { workers, unread } = readRoster(
    [
      "A;B;1990-03-31",
      "A;B;31.02.1990",
      ";B",
      "A;B;;;;2026-02-01;2026-01-01",
      `A;${"B".repeat(201)}`,
      "alone",
      "A;B;1990-03-31",
    ].join("\n"),
  );
  assert.equal(workers.length, 1);
  assert.deepEqual(unread.map((each) => [each.line, each.problem]), [
    [2, "date"], [3, "name"], [4, "period"], [5, "too_long"], [6, "columns"], [7, "repeated"],
  ]);
});

test("a list that is too long is cut off, and says so", () => {
  const long = Array.from({ length: MOST_WORKERS + 1 }, (_, each) => `Test${each};Ada`).join("\n");
  const { workers, tooMany } = readRoster(long);
  assert.deepEqual([workers.length, tooMany], [MOST_WORKERS, true]);
});

test("an employer is read as what it is: by its heading, else a name where it reads like one", () => {
  const employers = (list: string) =>
    readRoster(list).workers.map((each) => [each.employerName ?? "", each.employerId ?? ""]);
  const firm = "Ateliers Fictifs du Massif SAS";
  assert.deepEqual(employers(`A;B;;${firm}`), [[firm, ""]]);
  assert.deepEqual(employers("A;B;;FR 999 000 001 00019"), [["", "FR 999 000 001 00019"]]);
  assert.deepEqual(employers(`Surname;Forenames;Employer\nA;B;${firm}\nC;D;99900000100019`), [
    [firm, ""],
    ["", "99900000100019"],
  ]);
  assert.deepEqual(
    employers(`Nachname;Vornamen;Arbeitgeber;Kennnummer des Arbeitgebers\nA;B;2000;99900000100019`),
    [["", "99900000100019"]],
  );
  assert.deepEqual(employers("Employer's name;Surname;Identifiant de l'employeur;Prénoms\n2000;A;777;B"), [
    ["2000", "777"],
  ]);
});

test("headings of each language give the order of columns; one that is not known leaves the usual order", () => {
  const orders = [
    "Surname;Forenames;Date of birth;Employer;A1 number;First day;Last day",
    "Nom;Prénoms;Date de naissance;Employeur;Certificat A1;Premier jour;Dernier jour",
    "Nachname;Vornamen;Geburtsdatum;Arbeitgeber;Nummer der Bescheinigung A1;Erster Tag;Letzter Tag",
    "Nazwisko;Imiona;Data urodzenia;Pracodawca;Numer A1;Pierwszy dzień;Ostatni dzień",
    "Nume;Prenume;Data nașterii;Angajator;Numărul A1;Prima zi;Ultima zi",
    "Apelidos;Nomes próprios;Data de nascimento;Empregador;Número A1;Primeiro dia;Último dia",
    "Apellidos;Nombre;Fecha de nacimiento;Empleador;Número A1;Primer día;Último día",
    "Cognome;Nome;Data di nascita;Datore di lavoro;Numero A1;Primo giorno;Ultimo giorno",
  ];
  for (const order of orders) assert.deepEqual(columnsOf(order.split(";")), USUAL_ORDER, order);
  assert.equal(columnsOf(["Surname", "Forenames", "Colour"]), null);
  assert.equal(columnsOf(["Surname", "Surname"]), null);
});
