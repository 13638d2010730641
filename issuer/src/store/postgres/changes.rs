//! Changes of trust by other issuers: told by the database when they commit, and asked for each second besides.

use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::watch;

/// The channel that the trigger of the schema tells on.
const CHANNEL: &str = "passport_trust";

/// How long nothing is heard before the database is asked: what was told while a connection was lost is never told
/// again. Half of the two seconds in which a revocation must have reached a connected verifier.
const SILENCE: Duration = Duration::from_secs(1);

/// Follows the trust sequence until the pool is closed or nobody is interested.
pub(super) async fn follow(pool: PgPool, newest: watch::Sender<i64>) {
    while !pool.is_closed() && !newest.is_closed() {
        if let Err(error) = listen(&pool, &newest).await
            && !pool.is_closed()
        {
            tracing::warn!(%error, "cannot listen for other issuers' changes; they are asked for each second");
            ask(&pool, &newest).await;
            tokio::time::sleep(SILENCE).await;
        }
    }
}

async fn listen(pool: &PgPool, newest: &watch::Sender<i64>) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    // A lost connection is an error here, so that what was missed is asked for.
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    ask(pool, newest).await;
    loop {
        tokio::select! {
            heard = tokio::time::timeout(SILENCE, listener.try_recv()) => match heard {
                Ok(Ok(Some(told))) => note(newest, told.payload().parse().ok()),
                Ok(Ok(None)) => return Err(sqlx::Error::PoolTimedOut),
                Ok(Err(error)) => return Err(error),
                Err(_) => ask(pool, newest).await,
            },
            () = newest.closed() => return Ok(()),
        }
        if pool.is_closed() {
            return Ok(());
        }
    }
}

async fn ask(pool: &PgPool, newest: &watch::Sender<i64>) {
    match sqlx::query_scalar("SELECT sequence FROM trust WHERE id = 1").fetch_one(pool).await {
        Ok(sequence) => note(newest, Some(sequence)),
        // Whoever writes or reads says so too; here the next second tries again.
        Err(error) => tracing::debug!(%error, "the trust sequence cannot be asked for"),
    }
}

fn note(newest: &watch::Sender<i64>, told: Option<i64>) {
    newest.send_if_modified(|known| {
        let newer = told.is_some_and(|told| told > *known);
        *known = told.unwrap_or(*known).max(*known);
        newer
    });
}
