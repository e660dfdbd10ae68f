"""The SQL that reads a server's resources and brings them to a plan: text, pure, for psql.

Whatever a name holds, it stays a literal. The rows and the log are as oarnodesetting leaves them (OAR::IO's
add_resource and set_resources_property): for a new resource the log gets a row for its state and one for each property
that was set to something else than its default; a property that changes closes its row in the log and gets a new one.
"""

from __future__ import annotations

from collections.abc import Iterable

from wizard.oar.plan import Difference, Entry
from wizard.oar.resource import NUMBERING, PROPERTY_TYPES, Snapshot, Value

#: What a plan depends on in a host's rows, beside network_address.
_MARKED = ("resource_id", "type", "cpuset", *PROPERTY_TYPES)
#: Columns that have a default in OAR's schema: setting them to it is no change, and is not logged.
_DEFAULTS = {"cpuset": "0"}
_NOW = "extract(epoch FROM now())::int"


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


def _literal(value: Value) -> str:
    return str(value) if isinstance(value, int) else quote(value)


def _rows_of(host: str) -> str:
    return f"FROM resources r WHERE network_address = {quote(host)} AND type = 'default'"


def _mark(host: str) -> str:
    # to_jsonb: a property may have no column yet, and has none then in both readings.
    parts = ", ".join(f"to_jsonb(r)->>{quote(name)}" for name in _MARKED)
    text = f"string_agg(json_build_array({parts})::text, ',' ORDER BY resource_id)"
    return f"SELECT coalesce(md5({text}), '') {_rows_of(host)}"


def reading(host: str) -> str:
    """Statements for psql that print a JSON object each: all together one Snapshot of this host (`snapshot`)."""
    names = ", ".join(map(quote, NUMBERING))
    return f"""\
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT json_build_object('columns', json_object_agg(attname, format_type(atttypid, NULL)))
  FROM pg_attribute WHERE attrelid = 'resources'::regclass AND attnum > 0 AND NOT attisdropped;
-- A property without a column has no highest number: ask for those that have one.
SELECT 'SELECT json_build_object(''highest'', json_build_object('
    || string_agg(format('%L, max(%I)', attname, attname), ', ') || ')) FROM resources'
  FROM pg_attribute WHERE attrelid = 'resources'::regclass AND NOT attisdropped AND attname IN ({names})
  HAVING count(*) > 0 \\gexec
SELECT json_build_object('rows', coalesce(json_agg(to_jsonb(r) ORDER BY resource_id), '[]'), 'mark', ({_mark(host)}))
  {_rows_of(host)};
COMMIT;
"""


def transaction(host: str, difference: Difference, snapshot: Snapshot) -> str:
    """One transaction that adds and changes what differs, when the database still is as in the snapshot; when it is
    not (numbers or this host's rows), it fails with SQLSTATE 40001 and nothing is changed.

    It prints a line of JSON for a sequence that was behind its table and was repaired.
    """
    used = dict.fromkeys(name for entry in difference.entries for name in entry.resource.properties)
    missing = [name for name in used if name not in snapshot.columns and name in PROPERTY_TYPES]
    # ALTER TABLE needs the stronger lock. Taken at once: to upgrade the weaker one later could deadlock with readers.
    mode = "ACCESS EXCLUSIVE" if missing else "EXCLUSIVE"
    statements = [
        "BEGIN;",
        f"LOCK TABLE resources, resource_logs IN {mode} MODE;",
        *(f"ALTER TABLE resources ADD COLUMN IF NOT EXISTS {name} {PROPERTY_TYPES[name]};" for name in missing),
        _guard(host, snapshot, [name for name in NUMBERING if name in used]),
        _sequence("resources", "resource_id"),
        _sequence("resource_logs", "resource_log_id"),
    ]
    added = difference.of("add")
    if added:
        statements.append(_insert(added))
    statements += _updates(difference.of("change"))
    statements.append("COMMIT;")
    return "\n\n".join(statements) + "\n"


def _guard(host: str, snapshot: Snapshot, numbered: Iterable[str]) -> str:
    numbers = [
        f"(SELECT coalesce(max({name}), 0) FROM resources) <> {snapshot.highest.get(name, 0)}" for name in numbered
    ]
    conditions = "\n     OR ".join([*numbers, f"({_mark(host)}) <> {quote(snapshot.mark)}"])
    body = f"""
BEGIN
  IF {conditions}
  THEN
    RAISE EXCEPTION 'the resources are not those the plan was made for' USING ERRCODE = 'serialization_failure';
  END IF;
END
"""
    return f"DO {_dollars(body)};"


def _dollars(body: str) -> str:
    """The body in dollar quotes that it does not hold itself."""
    at = 0
    while (tag := f"$plan{at or ''}$") in body:
        at += 1
    return f"{tag}{body}{tag}"


def _sequence(table: str, column: str) -> str:
    # OAR's REST function inserts explicit numbers; the next one of the sequence would then be taken already.
    sequence = f"pg_get_serial_sequence('{table}', '{column}')"
    return f"""\
SELECT json_build_object('repaired', '{table}', 'from', was, 'to', setval({sequence}, highest))
  FROM (SELECT max({column}) AS highest, coalesce(pg_sequence_last_value({sequence}::regclass), 0) AS was
          FROM {table}) AS sequence
  WHERE highest > was AND {sequence} IS NOT NULL;"""


def _insert(added: list[Entry]) -> str:
    names = list(added[0].resource.properties)
    rows = ",\n    ".join(
        "("
        + ", ".join(
            [
                quote(entry.resource.network_address),
                "'Alive'",
                "1",
                *(_literal(entry.resource.properties[name]) for name in names),
            ]
        )
        + ")"
        for entry in added
    )
    logged = ", ".join(
        f"({place}, {quote(name)}, added.{name}::text)" for place, name in enumerate(["state", *names], start=1)
    )
    default = " AND ".join(
        f"NOT (log.attribute = {quote(name)} AND log.value = {quote(value)})" for name, value in _DEFAULTS.items()
    )
    return f"""\
WITH added AS (
  INSERT INTO resources (network_address, state, state_num, {", ".join(names)}) VALUES
    {rows}
  RETURNING *
)
INSERT INTO resource_logs (resource_id, attribute, value, date_start)
  SELECT added.resource_id, log.attribute, log.value, {_NOW}
    FROM added, LATERAL (VALUES {logged}) AS log (place, attribute, value)
    WHERE {default}
    ORDER BY added.resource_id, log.place;"""


def _updates(changed: list[Entry]) -> list[str]:
    """For each property and new value: what oarnodesetting -p does, on all its resources at once."""
    wanted: dict[tuple[str, Value], list[int]] = {}
    for entry in changed:
        for name, (_, value) in entry.changes.items():
            if entry.row is not None:
                wanted.setdefault((name, value), []).append(entry.row.resource_id)
    statements = []
    for (name, value), ids in wanted.items():
        these = ", ".join(map(str, ids))
        statements += [
            f"UPDATE resources SET {name} = {_literal(value)} WHERE resource_id IN ({these});",
            f"UPDATE resource_logs SET date_stop = {_NOW}\n"
            f"  WHERE date_stop = 0 AND attribute = {quote(name)} AND resource_id IN ({these});",
            "INSERT INTO resource_logs (resource_id, attribute, value, date_start)\n"
            f"  SELECT resource_id, {quote(name)}, {quote(str(value))}, {_NOW}\n"
            f"    FROM resources WHERE resource_id IN ({these}) ORDER BY resource_id;",
        ]
    return statements
