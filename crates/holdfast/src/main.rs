//! The program: commands, configuration, wiring. The only place that knows everyone; it holds no rule of its own.

mod addresses;
mod ask;
mod block_https;
mod cli;
mod commands;
mod control;
mod demo;
mod doctor;
mod edge;
mod encrypted_dns;
mod evidence;
mod gateway_cmd;
mod house;
mod inspection_ca;
mod lists;
mod output;
mod printer;
mod reach;
mod role_card;
mod running;
mod sandbox;
mod scanner;
mod sealed_tier;
mod serve;
mod standalone_lists;
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
        cli::Command::Demo(options) => in_runtime(demo::run(options)),
        cli::Command::Serve(options) => in_runtime(serve::run(options)),
        cli::Command::Gateway(options) => {
            // Before the first thread.
            let sandbox = options.dir.as_deref().map(|dir| sandbox::shut_in(dir, &options.listen));
            in_runtime(gateway_cmd::run(options, sandbox.unwrap_or_default()))
        }
        cli::Command::Lists(command) => lists::run(command),
        cli::Command::Filter(command) => in_runtime(ask::filter(command)),
        cli::Command::Sealed(command) => sealed_tier::run(command),
        cli::Command::RoleCard(command) => role_card::run(command),
        cli::Command::Evidence(options) => in_runtime(ask::evidence(options)),
        cli::Command::Audit(command) => in_runtime(ask::audit(command)),
        cli::Command::Backup(command) => in_runtime(ask::backup(command)),
        cli::Command::Token(command) => in_runtime(ask::token(command)),
        cli::Command::Doctor(options) => in_runtime(ask::doctor(options)),
    }
}

fn in_runtime<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}
