//! Acts of an admin: who makes one is looked at first, and its event is written with it, in one transaction.

use std::future::Future;
use std::pin::Pin;

use super::driver::{DbConnection, Failure};
use super::writer::Writer;
use super::{audit, makers};
use crate::store::{AdminEvent, EventOf, Maker, StoreError};

/// The work inside one transaction.
pub(super) type Work<'c, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'c>>;

/// What an act did, and so whether its audit event is written.
pub(super) enum Done<T> {
    /// It changed something.
    Changed(T),
    /// There was nothing to change.
    Unchanged(T),
}

impl Writer {
    /// Does an admin's change and writes its event, in one transaction. A change that is none writes no event, and one
    /// whose maker may not make it any more is not begun.
    pub(super) async fn admin<T, F>(&self, event: AdminEvent, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut DbConnection) -> Work<'c, Done<T>> + Send + 'static,
    {
        self.made_by(event.maker(), move |conn| {
            Box::pin(async move {
                match work(conn).await? {
                    Done::Changed(value) => {
                        audit::insert_admin(conn, &event).await?;
                        Ok(value)
                    }
                    Done::Unchanged(value) => Ok(value),
                }
            })
        })
        .await
    }

    /// The same, where only the change itself can say what its event tells.
    pub(super) async fn admin_of<T, F>(&self, maker: Option<Maker>, event: EventOf<T>, work: F) -> Result<T, StoreError>
    where
        T: Send + Sync + 'static,
        F: for<'c> FnOnce(&'c mut DbConnection) -> Work<'c, Done<T>> + Send + 'static,
    {
        self.made_by(maker, move |conn| {
            Box::pin(async move {
                match work(conn).await? {
                    Done::Changed(value) => {
                        let event = event(&value).map_err(Failure::Refused)?;
                        audit::insert_admin(conn, &event).await?;
                        Ok(value)
                    }
                    Done::Unchanged(value) => Ok(value),
                }
            })
        })
        .await
    }

    /// Looks at the maker, where there is one, and does `work`, in one transaction.
    pub(super) async fn made_by<T, F>(&self, maker: Option<Maker>, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut DbConnection) -> Work<'c, T> + Send + 'static,
    {
        self.write(move |conn| {
            Box::pin(async move {
                if let Some(maker) = &maker {
                    makers::check(conn, maker).await?;
                }
                work(conn).await
            })
        })
        .await
    }
}
