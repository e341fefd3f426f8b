//! The pages without records, to look at while you change styles or templates:
//! `cargo run -p holdfast-web --example gallery`, then open the printed address at `/styleguide` or `/sign-in`.

use std::net::{Ipv4Addr, SocketAddr};

use holdfast_web::{self as web, Config, Edge, Listen, Site, site::Front};
use views::shell::Contact;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(0);
    let listen = Listen {
        web: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        plain: None,
        https: false,
        tls_folder: std::env::temp_dir(),
        names: Vec::new(),
    };
    let front = Front {
        setting: "Bluebell Lane Nursery".to_owned(),
        fictional: true,
        contact: Some(Contact {
            title: "Safeguarding lead".to_owned(),
            name: "Maya Okafor".to_owned(),
            phone: "01632 960 101".to_owned(),
            holder: None,
        }),
    };
    let edge = Edge::system();
    let config = Config { https: false, styleguide: true, key: [7; 32], front };
    let now = (edge.now)();
    let serving = web::serve(&listen, now, web::router(Site::new(config, edge)))?;
    println!("http://{}/styleguide", serving.web);
    std::future::pending::<()>().await;
    Ok(())
}
