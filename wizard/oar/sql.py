"""The SQL that reads a server's resources and brings them to a plan: text, pure, for psql.

Whatever a name holds, it stays a literal. The rows and the log are as oarnodesetting leaves them (OAR::IO's
add_resource and set_resources_property): for a new resource the log gets a row for its state and one for each property
that was set to something else than its default; a property that changes closes its row in the log and gets a new one;
a resource that is retired gets Dead as its next state, and OAR's server does the rest.

New rows and changes are COPY's: of many ways to write 2048 rows and their 10176 lines of log it was the quickest, and
it needs no memory, neither here nor in the server. What takes the time then is the log's eight indexes: where most of
the log is new, they are made anew behind it (102400 rows: 3.3 s instead of 4.9 s, and half of the write-ahead log).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from wizard.oar.properties import DEFAULTS, numeric
from wizard.oar.resource import INTEGER, NUMBERING, Snapshot, Value

#: A setting of the transaction's own that holds the names of the planned hosts: a literal in one place only.
_HOSTS = "kameleon.hosts"
#: And one that holds the last resource_id before the new ones.
_LAST = "kameleon.last"
_NOW = "extract(epoch FROM now())::int"
_PLANNED_HOSTS = f"json_array_elements_text(current_setting('{_HOSTS}')::json) WITH ORDINALITY AS planned (name, place)"
_THEIR_ROWS = f"{_PLANNED_HOSTS} JOIN resources r ON r.network_address = planned.name AND r.type = 'default'"
_SEQUENCES = (("resources", "resource_id"), ("resource_logs", "resource_log_id"))
#: And one that holds the statements that make the indexes of the log.
_INDEXES = "kameleon.indexes"
#: From so many new resources on, a log with fewer lines than they bring gets its indexes anew.
_BULK = 4096
#: Text of how many rows, and what they are whatever their order: a million take no memory.
_MARK = "count(*) || '/' || coalesce(sum(hashtextextended(ROW("
_MARK_END = ")::text, 0)), 0)"


def quote(text: str) -> str:
    """The text as an SQL literal, whatever standard_conforming_strings is. ValueError for what no database can hold."""
    if "\0" in text:
        raise ValueError(f"{text!r}: a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{text!r}: not UTF-8") from error
    doubled = text.replace("'", "''")
    if "\\" in doubled:
        return " E'" + doubled.replace("\\", "\\\\") + "'"
    return f"'{doubled}'"


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def copied(values: Iterable[Value | None]) -> str:
    """A line of COPY's text format."""
    return "\t".join("\\N" if value is None else _escaped(value) for value in values) + "\n"


def _escaped(value: Value) -> str:
    text = str(value)
    if "\\" in text or "\t" in text or "\n" in text or "\r" in text:
        for plain, escaped in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
            text = text.replace(plain, escaped)
    return text


def uncopied(text: str) -> str | None:
    """One value of COPY's text format."""
    if "\\" not in text:
        return text
    if text == "\\N":
        return None
    found, at = [], 0
    letters = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f", "v": "\v"}
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text):
            at += 1
            found.append(letters.get(text[at], text[at]))
        else:
            found.append(text[at])
        at += 1
    return "".join(found)


def _set_hosts(hosts: Sequence[str]) -> str:
    return f"SELECT set_config('{_HOSTS}', {quote(json.dumps(hosts))}, true) \\g /dev/null\n"


def _marked(columns: Iterable[str]) -> list[str]:
    """The columns that a plan depends on, of those there are, in an order of their own."""
    return sorted({"resource_id", "type", "state", "next_state", "network_address", "cpuset", *columns})


def reading(hosts: Sequence[str], names: Sequence[str]) -> str:
    """Statements for psql. They print JSON objects, a line each, which make a Snapshot, and then the hosts' rows, in
    the order of the hosts, as COPY does: place of the host (from 1), resource_id, state, next_state, and `names`."""
    wanted = ", ".join(f"({place}, {quote(name)})" for place, name in enumerate(names))
    numbers = ", ".join(map(quote, NUMBERING))
    marked = ", ".join(map(quote, _marked(names)))
    column = "attrelid = 'resources'::regclass AND attnum > 0 AND NOT attisdropped"
    stale = "\n  UNION ALL ".join(
        f"SELECT '{table}' AS name, '{key}' AS key, max({key}) AS highest, "
        f"coalesce(pg_sequence_last_value(pg_get_serial_sequence('{table}', '{key}')::regclass), 0) AS was FROM {table}"
        for table, key in _SEQUENCES
    )
    return f"""\
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
{_set_hosts(hosts)}\
SELECT json_build_object('columns', json_object_agg(attname, format_type(atttypid, NULL)))
  FROM pg_attribute WHERE {column};
SELECT json_build_object('stale', coalesce(json_agg(json_build_array(name, key, was, highest)), '[]'))
  FROM ({stale}) AS sequence WHERE highest > was;
SELECT json_build_object('logged', max(resource_log_id)) FROM resource_logs;
-- A property without a column has no highest number, and no values: ask for those that have one.
SELECT 'SELECT json_build_object(''highest'', json_build_object('
    || string_agg(format('%L, max(%I)', attname, attname), ', ') || ')) FROM resources'
  FROM pg_attribute WHERE {column} AND attname IN ({numbers})
  HAVING count(*) > 0 \\gexec
SELECT {quote(f"SELECT json_build_object('mark', {_MARK}")}
    || string_agg(format('r.%I', attname), ', ' ORDER BY attname COLLATE "C")
    || {quote(f"{_MARK_END}) FROM {_THEIR_ROWS}")}
  FROM pg_attribute WHERE {column} AND attname IN ({marked}) \\gexec
SELECT 'COPY (SELECT planned.place, r.resource_id, r.state, r.next_state, '
    || string_agg(CASE WHEN attname IS NULL THEN 'NULL' ELSE format('r.%I', attname) END, ', ' ORDER BY wanted.place)
    || ' FROM ' || {quote(_THEIR_ROWS)} || ' ORDER BY planned.place, r.resource_id) TO STDOUT'
  FROM (VALUES {wanted}) AS wanted (place, name)
  LEFT JOIN pg_attribute ON {column} AND attname = wanted.name \\gexec
COMMIT;
"""


def vanished(hosts: Sequence[str]) -> str:
    """Statements that print the other hosts that have resources which are not retired, a JSON text a line."""
    return f"""\
BEGIN READ ONLY;
{_set_hosts(hosts)}\
SELECT to_json(name) FROM (
    SELECT network_address AS name FROM resources
      WHERE type = 'default' AND network_address <> ''
        AND (CASE next_state WHEN 'UnChanged' THEN state ELSE next_state END) <> 'Dead'
    EXCEPT SELECT planned.name FROM {_PLANNED_HOSTS}) AS others
  ORDER BY name;
COMMIT;
"""


def missing_columns(names: Iterable[str], snapshot: Snapshot) -> list[str]:
    """The properties that the server has no column for yet. (Without a database, OAR's own columns are there.)"""
    return [name for name in names if name not in snapshot.columns and name not in DEFAULTS]


def opening(
    hosts: Sequence[str], names: Sequence[str], kinds: Mapping[str, str], snapshot: Snapshot, adding: int
) -> str:
    """The beginning of the transaction that brings the resources of `hosts` to a plan when the database still is as
    in the snapshot; when it is not (numbers or these hosts' rows), it fails with SQLSTATE 40001 and nothing is changed.
    `names`: the properties of the new rows; `kinds`: their SQL types. `adding`: how many new rows there are; when there
    are, their lines follow (`added`) and `\\.`.

    It prints a line of JSON for a sequence that was behind its table and was repaired.
    """
    missing = missing_columns(names, snapshot)
    indexing = anew(names, snapshot, adding)
    # ALTER TABLE needs the stronger lock. Taken at once: to upgrade the weaker one later could deadlock with readers.
    # Who only reads the log waits for new indexes; who reads resources does not.
    mode, mode_of_log = ("ACCESS EXCLUSIVE" if stronger else "EXCLUSIVE" for stronger in (missing, missing or indexing))
    statements = [
        "BEGIN;",
        f"LOCK TABLE resources IN {mode} MODE;",
        f"LOCK TABLE resource_logs IN {mode_of_log} MODE;",
        *(f"ALTER TABLE resources ADD COLUMN IF NOT EXISTS {identifier(name)} {kinds[name]};" for name in missing),
        _set_hosts(hosts).rstrip(),
        _guard(snapshot, names),
        *(_sequence(table, key) for table, key in _SEQUENCES),
    ]
    if adding:
        statements += [
            f"SELECT set_config('{_LAST}', coalesce(max(resource_id), 0)::text, true) FROM resources \\g /dev/null",
            f"COPY resources (network_address, state, state_num, {', '.join(map(identifier, names))}) FROM STDIN;",
        ]
    return "\n\n".join(statements) + "\n"


def anew(names: Sequence[str], snapshot: Snapshot, adding: int) -> bool:
    """Whether so many new resources, with these properties, get the log new indexes: at most half of it is old."""
    return adding >= _BULK and snapshot.logged <= adding * len(names)


def added(host: str) -> str:
    """What the line of a new resource begins with; its properties follow (`added_cell`)."""
    return copied((host, "Alive", 1))[:-1] + "\t"


def added_cell(name: str, value: Value | None) -> str:
    """A property of a new resource, as COPY takes it."""
    # A column of OAR's own schema must hold something: its default, then.
    return copied((DEFAULTS.get(name) if value is None else value,))[:-1]


def log_of_added(names: Sequence[str], *, indexing: bool) -> str:
    """After the new rows: the lines of log that they get; `indexing`: and its indexes anew (`anew`)."""
    logged = ", ".join(
        f"({place}, {quote(name)}, r.{identifier(name)}::text)" for place, name in enumerate(["state", *names], start=1)
    )
    default = " AND ".join(
        f"NOT (log.attribute = {quote(name)} AND log.value = {quote(value)})"
        for name, value in DEFAULTS.items()
        if name in names
    )
    before, after = (_WITHOUT_INDEXES, _WITH_INDEXES) if indexing else ("", "")
    return f"""
{before}INSERT INTO resource_logs (resource_id, attribute, value, date_start)
  SELECT r.resource_id, log.attribute, log.value, {_NOW}
    FROM resources r, LATERAL (VALUES {logged}) AS log (place, attribute, value)
    WHERE r.resource_id > current_setting('{_LAST}')::bigint AND log.value IS NOT NULL
      AND {default or "true"}
    ORDER BY r.resource_id, log.place;
{after}"""


#: The indexes that CREATE INDEX makes again as they were: those of no constraint, in the database's own tablespace. Who
#: does not own the table may not drop them, and keeps them.
_OF_LOG = """FROM pg_index JOIN pg_class AS index ON index.oid = indexrelid
  WHERE indrelid = 'resource_logs'::regclass AND indisvalid AND NOT indisunique AND NOT indisclustered
    AND reltablespace = 0 AND pg_has_role(relowner, 'USAGE')"""
_WITHOUT_INDEXES = f"""\
SELECT set_config('{_INDEXES}', coalesce(json_agg(pg_get_indexdef(indexrelid)), '[]')::text, true)
  {_OF_LOG} \\g /dev/null

SELECT format('DROP INDEX %s', indexrelid::regclass) {_OF_LOG} \\gexec

"""
_WITH_INDEXES = f"""
SELECT json_array_elements_text(current_setting('{_INDEXES}')::json) \\gexec
"""

#: Of this table, each line is a property that a resource gets, or with an empty name, that it is retired.
CHANGING = """
CREATE TEMPORARY TABLE kameleon_change (resource_id bigint, attribute text, value text) ON COMMIT DROP;

COPY kameleon_change FROM STDIN;
"""


def changes(changed: Iterable[str], kinds: Mapping[str, str], columns: Mapping[str, str]) -> Iterator[str]:
    """After the lines of CHANGING and `\\.`: what oarnodesetting -p does with each of these properties, on all its
    resources at once, and what `oarnodesetting -s Dead` does with those to retire."""
    yield "\nANALYZE kameleon_change;\n"
    for name in changed:
        kind = "INT" if numeric(columns.get(name, "")) or (name not in columns and kinds[name] == INTEGER) else "text"
        yield f"""
UPDATE resources r SET {identifier(name)} = change.value::{kind}
  FROM kameleon_change change WHERE change.attribute = {quote(name)} AND r.resource_id = change.resource_id;

UPDATE resource_logs log SET date_stop = {_NOW}
  FROM kameleon_change change
  WHERE log.date_stop = 0 AND log.attribute = {quote(name)}
    AND change.attribute = log.attribute AND log.resource_id = change.resource_id;

INSERT INTO resource_logs (resource_id, attribute, value, date_start)
  SELECT resource_id, attribute, value, {_NOW}
    FROM kameleon_change WHERE attribute = {quote(name)} ORDER BY resource_id;
"""
    yield """
UPDATE resources r SET next_state = 'Dead', next_finaud_decision = 'NO'
  FROM kameleon_change change WHERE change.attribute = '' AND r.resource_id = change.resource_id;
"""


def _guard(snapshot: Snapshot, names: Iterable[str]) -> str:
    numbers = [
        f"(SELECT coalesce(max({name}), 0) FROM resources) <> {snapshot.highest.get(name, 0)}"
        for name in NUMBERING
        if name in names
    ]
    marked = ", ".join(f"r.{identifier(name)}" for name in _marked(name for name in names if name in snapshot.columns))
    mark = f"(SELECT {_MARK}{marked}{_MARK_END} FROM {_THEIR_ROWS})"
    conditions = "\n     OR ".join([*numbers, f"{mark} <> {quote(snapshot.mark)}"])
    return f"""\
DO $plan$
BEGIN
  IF {conditions}
  THEN
    RAISE EXCEPTION 'the resources are not those the plan was made for' USING ERRCODE = 'serialization_failure';
  END IF;
END
$plan$;"""


def _sequence(table: str, column: str) -> str:
    # OAR's REST function inserts explicit numbers; the next one of the sequence would then be taken already.
    sequence = f"pg_get_serial_sequence('{table}', '{column}')"
    return f"""\
SELECT json_build_object('repaired', '{table}', 'from', was, 'to', setval({sequence}, highest))
  FROM (SELECT max({column}) AS highest, coalesce(pg_sequence_last_value({sequence}::regclass), 0) AS was
          FROM {table}) AS sequence
  WHERE highest > was AND {sequence} IS NOT NULL;"""
