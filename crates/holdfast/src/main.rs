//! The program: commands, configuration, wiring. The only place that knows everyone; it holds no rule of its own.

mod addresses;
mod cli;
mod demo;
mod edge;
mod house;
mod lists;
mod output;
mod running;
mod up;
mod verdict;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    // Before anything else: one TLS provider for the whole process.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        eprintln!("holdfast: the TLS provider was chosen twice");
        return ExitCode::FAILURE;
    }
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_env("HOLDFAST_LOG").unwrap_or_else(|_| "warn,holdfast=info".into()),
        )
        .init();
    match run(cli::Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("holdfast: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: cli::Command) -> anyhow::Result<ExitCode> {
    match command {
        cli::Command::Lists(command) => lists::run(command),
        cli::Command::Demo(options) => in_runtime(demo::run(options)),
        _ => anyhow::bail!("this command is on its way"),
    }
}

fn in_runtime<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}
