"""The one MetaData of the deployment, and the column kinds that every table is made of.

All three databases get the same meaning: text is compared by code point (no case folding, no locale), identifiers are
text, times are ISO text to the second (`model.clock.timestamp`), addresses are hex text that sorts as the number does.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.schema import SchemaItem

METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Names are made by rule: migrations find constraints on every database, and `tx.Claimed` finds the columns."""

# nopad: "a" and "a " are two texts here as they are elsewhere.
_MYSQL_TEXT: dict[str, Any] = {"charset": "utf8mb4", "collation": "utf8mb4_nopad_bin"}
ADDRESS_KEY_DIGITS = 32
"""Hex digits of an address key: 128 bits."""


def text_type(length: int) -> sa.types.TypeEngine[str]:
    """VARCHAR(length), compared by code point on all three databases."""
    return (
        sa.String(length)
        .with_variant(sa.String(length, collation="C"), "postgresql")
        .with_variant(mysql.VARCHAR(length, **_MYSQL_TEXT), "mysql", "mariadb")
    )


def fixed_type(length: int) -> sa.types.TypeEngine[str]:
    """CHAR(length), compared by code point on all three databases.

    VARCHAR on PostgreSQL: its CHAR pads, and does not use an index when compared with a VARCHAR parameter.
    """
    return (
        sa.CHAR(length)
        .with_variant(sa.String(length, collation="C"), "postgresql")
        .with_variant(mysql.CHAR(length, **_MYSQL_TEXT), "mysql", "mariadb")
    )


def long_text_type() -> sa.types.TypeEngine[str]:
    """Text without a length limit of its own, compared by code point (MEDIUMTEXT on MariaDB: 16 MiB)."""
    return (
        sa.Text()
        .with_variant(sa.Text(collation="C"), "postgresql")
        .with_variant(mysql.MEDIUMTEXT(**_MYSQL_TEXT), "mysql", "mariadb")
    )


def bigint_type() -> sa.types.TypeEngine[int]:
    """64 bit integer; on SQLite the type that may be an autoincrementing key."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def uuid_pk() -> sa.Column[str]:
    """The column `id`: CHAR(36), primary key."""
    return sa.Column("id", fixed_type(36), primary_key=True)


def uuid_col(name: str, *items: SchemaItem, nullable: bool = False, **kw: Any) -> sa.Column[str]:
    """A CHAR(36) column for a UUID; pass a `sa.ForeignKey` in `items`, index and the like in `kw`."""
    return sa.Column(name, fixed_type(36), *items, nullable=nullable, **kw)


def text_col(name: str, length: int = 255, *items: SchemaItem, nullable: bool = False, **kw: Any) -> sa.Column[str]:
    """A VARCHAR(length) column."""
    return sa.Column(name, text_type(length), *items, nullable=nullable, **kw)


def bool_col(name: str, *items: SchemaItem, nullable: bool = False, **kw: Any) -> sa.Column[bool]:
    """A boolean column."""
    return sa.Column(name, sa.Boolean(), *items, nullable=nullable, **kw)


def int_col(name: str, *items: SchemaItem, nullable: bool = False, **kw: Any) -> sa.Column[int]:
    """A 32 bit integer column."""
    return sa.Column(name, sa.Integer(), *items, nullable=nullable, **kw)


def bigint(name: str, *items: SchemaItem, nullable: bool = False, **kw: Any) -> sa.Column[int]:
    """A 64 bit integer column."""
    return sa.Column(name, bigint_type(), *items, nullable=nullable, **kw)


def json_text(name: str, *items: SchemaItem, nullable: bool = True, **kw: Any) -> sa.Column[str]:
    """A column of JSON kept as text: the caller encodes and decodes; the database never looks inside."""
    return sa.Column(name, long_text_type(), *items, nullable=nullable, **kw)


def address_key(name: str, *items: SchemaItem, nullable: bool = False, **kw: Any) -> sa.Column[str]:
    """A CHAR(32) column for an integer of up to 128 bits as `key_of` writes it: text order is number order."""
    return sa.Column(name, fixed_type(ADDRESS_KEY_DIGITS), *items, nullable=nullable, **kw)


def timestamp_col(name: str, *items: SchemaItem, nullable: bool = False, **kw: Any) -> sa.Column[str]:
    """A CHAR(20) column for a time as `model.clock.timestamp` writes it."""
    return sa.Column(name, fixed_type(20), *items, nullable=nullable, **kw)


def standard_columns(*, name: bool = True) -> list[sa.Column[Any]]:
    """Fresh columns that every object of the API has: [id, project_id, name?, description, revision_number, …_at]."""
    return [
        uuid_pk(),
        text_col("project_id", nullable=True, index=True),
        *([text_col("name", nullable=True)] if name else []),
        text_col("description", nullable=True),
        bigint("revision_number"),
        timestamp_col("created_at"),
        timestamp_col("updated_at"),
    ]


def key_of(number: int) -> str:
    """`number` (0 ≤ number < 2¹²⁸) as the text of an `address_key` column."""
    return f"{number:032x}"


def number_of(key: str) -> int:
    """The number that `key_of` wrote."""
    return int(key, 16)
