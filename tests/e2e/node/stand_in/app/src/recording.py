"""The activity of the workflow: an event of an order, in PostgreSQL and in Redis."""

from temporalio import activity

from src import settings
from src.orders import RECORD

TABLE = "CREATE TABLE IF NOT EXISTS app.orders (name text, event text, at timestamptz DEFAULT now())"


@activity.defn(name=RECORD)
async def record(name: str, event: str) -> int:
    """Write an event of an order to PostgreSQL, count it in Redis, and return that count."""
    async with await settings.database() as connection:
        await connection.execute(TABLE)
        await connection.execute("INSERT INTO app.orders (name, event) VALUES (%s, %s)", (name, event))
    async with settings.cache() as client:
        return int(await client.incr(f"order:{name}"))
