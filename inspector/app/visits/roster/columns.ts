/** Which column of a list holds what: as its headings say, in eight languages, or in the usual order. */
import { isEmployerName } from "../../../core/findings/employers.ts";
import { plain } from "../../../core/findings/sites.ts";

export type Column =
  "surname" | "forenames" | "birthDate" | "employer" | "employerId" | "employerName" | "number" | "first" | "last";

/** The order that is asked for; an employer is a name or an identifier, as it reads. */
export const USUAL_ORDER: readonly Column[] = [
  "surname",
  "forenames",
  "birthDate",
  "employer",
  "number",
  "first",
  "last",
];

const EMPLOYER =
  /EMPLOYE|ARBEITGEBER|PRACODAW|ANGAJATOR|EMPREGAD|EMPLEADOR|DATORE|FIRMA|COMPANY|ENTREPRISE|EMPRESA/;
const IDENTIFIER = /^ID|ID$|IDENTIF|KENN|NUMMER|NUMBER|NUMERO|NUMAR|NUMER|^NR|NR$|SIRE[NT]|VAT|^NIP|NIP$|CUI|NIF/;
const NAMING = /NAME|^NOM|NOMBRE|NAZWA|NUME(?!R)|NOME|DENOMIN|RAGIONE|RAZON/;

/** What headings say, the first that fits; letters and digits without accents. */
const HEADINGS: readonly (readonly [Column, RegExp])[] = [
  ["number", /A1|CERTIFI|BESCHEINIG|ZASWIADCZ|DOCUMENT/],
  ["birthDate", /BIRTH|BORN|NAISS|GEBURT|GEBOREN|URODZ|NASC|NACI|NASTER/],
  ["surname", /^(SURNAMES?|LASTNAME|FAMILYNAME|NAME|NOM|NOMDEFAMILLE|NACHNAME|FAMILIENNAME|NAZWISKO)$/],
  ["surname", /^(NUME|NUMEDEFAMILIE|APELIDOS?|APELLIDOS?|COGNOME)$/],
  ["forenames", /FORENAME|FIRSTNAME|GIVENNAME|PRENOM|PRENUME|VORNAME|^IMIE|^IMIONA|NOMEPROPRIO|NOMESPROPRIO/],
  ["forenames", /^NOMBRES?$|^NOMES?$/],
  ["last", /^(LAST|TO$|UNTIL|END|AU$|FIN$|DERNIER|BIS|LETZT|DO$|OSTATNI|PANALA|ULTIM|ATE$|HASTA|AL$|FINE)/],
  ["first", /^(FIRSTDAY|FROM|START|BEGIN|DU$|DEBUT|PREMIER|VON|AB$|ERST|OD$|PIERWSZ|DELA|PRIM|DESDE|INICIO|DAL)/],
];

/** Return what each column holds by its heading; null where one is not known, or two say the same. */
export function columnsOf(headings: readonly string[]): readonly Column[] | null {
  const columns = headings.map(columnOf);
  const known = columns.filter((each) => each !== null);
  const isWhole = known.length === headings.length && new Set(known).size === known.length;
  return isWhole && known.includes("surname") && known.length > 1 ? known : null;
}

function columnOf(heading: string): Column | null {
  const letters = plain(heading);
  if (EMPLOYER.test(letters)) {
    return IDENTIFIER.test(letters) ? "employerId" : NAMING.test(letters) ? "employerName" : "employer";
  }
  return HEADINGS.find(([, fits]) => fits.test(letters))?.[0] ?? null;
}

/** Return name and identifier of an employer; what stands in a column of either is as that column reads. */
export function employerOf(fields: Partial<Record<Column, string>>): { employerId: string; employerName: string } {
  const { employer = "", employerId = "", employerName = "" } = fields;
  const isName = isEmployerName(employer);
  return {
    employerId: employerId || (isName ? "" : employer),
    employerName: employerName || (isName ? employer : ""),
  };
}
