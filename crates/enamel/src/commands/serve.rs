//! `enamel serve`: the MSP's server, until it is told to stop.
//!
//! Logs go to standard error, as text or with `--json` as JSON Lines. They name agents and practices by id, and nobody and nothing else.

use enamel_server::World;
use enamel_server::start::{Config, Server, StartError};
use tracing_subscriber::filter::{EnvFilter, LevelFilter};

use crate::cli::{Global, ServeArgs};
use crate::edge::{SystemClock, default_data_dir, random};
use crate::error::{Error, Outcome};
use crate::terminal;

/// Threads that may wait for a disk or a database.
const WAITING_THREADS: usize = 64;

/// Runs the verb.
pub(crate) fn run(global: &Global, args: &ServeArgs) -> Result<Outcome, Error> {
    log(global);
    raise_file_limit();
    let data = global.data.clone().map_or_else(default_data_dir, Ok)?;
    let config = Config {
        data,
        database: args.database.clone(),
        people: args.listen,
        agents: args.agents,
        public: args.public_url.clone(),
        content: global.content.clone(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(WAITING_THREADS)
        .build()
        .map_err(|error| Error::new("the server could not start its threads").because(error))?;
    runtime.block_on(serve(global, config, args.reset_owner))
}

async fn serve(global: &Global, config: Config, reset_owner: bool) -> Result<Outcome, Error> {
    // Before the start, so that a signal that comes during it is not lost.
    let mut signals = Signals::listen()?;
    let world = World { clock: std::sync::Arc::new(SystemClock), fill: random };
    let started = world.now();
    let server = Server::start(config, world).await.map_err(|error| explain(&error))?;
    tracing::info!(people = %server.people, agents = %server.agents, version = env!("CARGO_PKG_VERSION"), %started, "the server is ready");
    if !global.json {
        let console = server.access.address().home();
        terminal::hint(
            global.quiet,
            &format!("Enamel is ready: people at {console}, agents at {}", server.agents),
        );
    }
    setup(&server, reset_owner)?;
    let why = signals.wait().await;
    tracing::info!(why, "the server stops");
    server.stop().await;
    tracing::info!("the server has stopped");
    Ok(Outcome::Done)
}

/// The link that makes the first owner, or a new one: the one thing that `serve` says on standard output, and in no log.
fn setup(server: &Server, reset_owner: bool) -> Result<(), Error> {
    let link =
        if reset_owner { server.access.reset_owner_link().map(Some) } else { server.access.setup_link() };
    let link = link.map_err(|error| Error::new("the setup link could not be made").because(error))?;
    link.map_or(Ok(()), |link| {
        terminal::text(&format!("Open this within an hour to become an owner: {link}\n"))
    })
}

/// What to do about a server that did not start.
fn explain(error: &StartError) -> Error {
    let explained = Error::new("the server did not start").because(error);
    match error {
        StartError::Listen { source, address, who } => match source.kind() {
            std::io::ErrorKind::AddrInUse => explained.help(format!(
                "another program has port {}, perhaps an Enamel server that runs already; stop it, or choose another port with {}",
                address.port(),
                option_of(who)
            )),
            std::io::ErrorKind::PermissionDenied => explained.help(format!(
                "ports below 1024 are the system's; choose another with {}",
                option_of(who)
            )),
            std::io::ErrorKind::AddrNotAvailable => explained
                .help(format!("this computer does not have that address; choose another with {}", option_of(who))),
            _ => explained,
        },
        _ => explained,
    }
}

fn option_of(who: &str) -> &'static str {
    if who == "agents" { "--agents ADDRESS" } else { "--listen ADDRESS" }
}

/// Text or JSON to standard error. `ENAMEL_LOG` says what is shown, `info` and worse otherwise.
fn log(global: &Global) {
    let filter = EnvFilter::builder()
        .with_env_var("ENAMEL_LOG")
        .with_default_directive(LevelFilter::INFO.into())
        .from_env_lossy();
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second subscriber, in a process that has one, changes nothing.
    let _ = if global.json { builder.json().try_init() } else { builder.with_ansi(false).try_init() };
}

/// Ten thousand agents are ten thousand open files. Where the system allows fewer, the listener leaves newcomers waiting.
fn raise_file_limit() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        let raised = Rlimit { current: limit.maximum, ..limit };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::warn!(%error, "the number of open files could not be raised");
        }
    }
}

/// What ends a server.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    fn listen() -> Result<Self, Error> {
        #[cfg(unix)]
        {
            let kind = tokio::signal::unix::SignalKind::terminate();
            let terminate = tokio::signal::unix::signal(kind).map_err(|error| {
                Error::new("the server cannot hear when it is told to stop").because(error)
            })?;
            Ok(Self { terminate })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    async fn wait(&mut self) -> &'static str {
        #[cfg(unix)]
        let terminate = self.terminate.recv();
        #[cfg(not(unix))]
        let terminate = std::future::pending::<Option<()>>();
        tokio::select! {
            _ = tokio::signal::ctrl_c() => "Ctrl-C",
            _ = terminate => "it was told to",
        }
    }
}
