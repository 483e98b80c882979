//! The listener of officials' browsers, from its files to its connections, and what is shown at every listener with TLS.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hinamori_net_tls::BrowserDoor;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::interval;

use super::commands::BrowserError;
use super::door::Browsers;
use super::listener::{BrowserListener, Visitor};
use super::listener_routes;
use super::register::BrowserSite;
use crate::alerts::Board;
use crate::api::Api;
use crate::clock::now;
use crate::hub::Hub;
use crate::map::Maps;
use crate::server::Limits;
use crate::town::TownWatch;
use crate::with_sources;

/// How often it is looked whether somebody brought another certificate.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often it is looked whether the certificate ends soon.
const RENEW_EVERY: Duration = Duration::from_secs(6 * 3_600);

/// The listener, before it is served.
pub(crate) struct Officials {
    listener: TcpListener,
    door: Arc<BrowserDoor>,
    browsers: Browsers,
}

/// What browsers, televisions and stations are shown, and under what name they know the server.
pub(crate) struct ShownDoor {
    pub(crate) door: Arc<BrowserDoor>,
    site: BrowserSite,
}

impl ShownDoor {
    /// Reads it.
    ///
    /// # Errors
    /// [`BrowserError`] where the administrator has something left to do.
    pub(crate) fn open(town: &TownWatch, limits: Limits) -> Result<Self, BrowserError> {
        let site = town.folder.browsers()?.site;
        let named = site.and_then(|site| site.browser_name().map(|name| (site, name)));
        let (site, name) = named.ok_or(BrowserError::NoName)?;
        let door = BrowserDoor::open(&town.folder.browser_tls(), name, limits.patience)?;
        Ok(Self { door: Arc::new(door), site })
    }
}

impl Officials {
    /// The listener, with what is shown there.
    ///
    /// # Errors
    /// [`BrowserError::Passkeys`].
    pub(crate) fn open(
        town: &TownWatch,
        listener: TcpListener,
        shown: &ShownDoor,
    ) -> Result<Self, BrowserError> {
        let browsers = Browsers::new(&shown.site, &town.current().name)?;
        Ok(Self { listener, door: Arc::clone(&shown.door), browsers })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `ended` says so. Gives what requests share.
    ///
    /// # Errors
    /// As the system reports.
    pub(crate) fn serve(
        self,
        served: &mut JoinSet<()>,
        (hub, board, maps): (&Arc<Hub>, &Arc<Board>, &Arc<Maps>),
        limits: Limits,
        ended: watch::Receiver<()>,
    ) -> io::Result<Arc<Api>> {
        let Self { listener, door, browsers } = self;
        let listener = BrowserListener::new(listener, door, limits, limits.officials)?;
        let api = Arc::new(Api::new(
            (Arc::clone(hub), Arc::clone(board)),
            browsers,
            Arc::clone(maps),
            ended.clone(),
        ));
        serve_over_tls(served, listener, listener_routes(Arc::clone(&api)), ended);
        Ok(api)
    }
}

/// Serves these pages over TLS until `ended` says so.
pub(crate) fn serve_over_tls(
    served: &mut JoinSet<()>,
    listener: BrowserListener,
    routes: Router,
    mut ended: watch::Receiver<()>,
) {
    let farewell = async move { drop(ended.changed().await) };
    let routes = routes.into_make_service_with_connect_info::<Visitor>();
    let serving = axum::serve(listener, routes).with_graceful_shutdown(farewell);
    served.spawn(async move {
        if let Err(error) = serving.await {
            tracing::error!(%error, "a listener with TLS is not served any more");
        }
    });
}

/// Shows a certificate that an ACME client brought, and issues the town's own anew in time.
pub(crate) async fn keep_certificate(door: Arc<BrowserDoor>) {
    let (mut looks, mut renews) = (interval(LOOK_EVERY), interval(RENEW_EVERY));
    loop {
        let is_renewal = tokio::select! {
            _ = looks.tick() => false,
            _ = renews.tick() => true,
        };
        let door = Arc::clone(&door);
        let done = spawn_blocking(move || {
            if is_renewal {
                door.renew(Duration::from_millis(now().get()))?;
            }
            door.look()
        });
        match done.await {
            Ok(Ok(true)) => tracing::info!("browsers are shown another certificate"),
            Ok(Ok(false)) | Err(_) => {}
            Ok(Err(error)) => {
                tracing::error!(error = with_sources(&error), "the old certificate is shown to browsers");
            }
        }
    }
}
