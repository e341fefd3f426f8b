//! Devices known by their hardware address (S33), on a cable: two network namespaces, ours with the gateway and another with
//! the device, and a pair of virtual cards between them (S53).
//!
//! The test runs itself again inside a namespace of its own, so that nothing of this machine's network is touched. A
//! machine that gives no namespaces (a container without the right) cannot run it, and says so.

use std::io::Read;
use std::net::{IpAddr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use holdfast_gateway::Kind;

use crate::world::*;

/// Set for the run inside.
const INSIDE: &str = "HOLDFAST_TEST_INSIDE";
const GATEWAY: &str = "10.99.7.1";
const DEVICE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 99, 7, 2));
const MAC: &str = "02:00:5e:00:53:07";
const OTHER_MAC: &str = "02:00:5e:00:53:99";

#[test]
fn a_device_is_known_by_the_hardware_address_that_the_cable_shows() {
    if std::env::var_os(INSIDE).is_some() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        return runtime.block_on(inside());
    }
    let unshare = |command: &mut Command| command.stdout(Stdio::piped()).stderr(Stdio::piped()).output();
    let possible = unshare(Command::new("unshare").args(["--user", "--map-root-user", "--net", "true"]));
    if !possible.is_ok_and(|ended| ended.status.success()) {
        return eprintln!("this machine gives no network namespaces: not tested");
    }
    let name = "hardware::a_device_is_known_by_the_hardware_address_that_the_cable_shows";
    let mut again = Command::new("unshare");
    again.args(["--user", "--map-root-user", "--net"]).arg(std::env::current_exe().unwrap());
    let ended = unshare(again.args(["--exact", name, "--nocapture"]).env(INSIDE, "yes")).unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success() && said.contains("1 passed"), "{said}");
}

fn ip(arguments: &str) {
    let ended = Command::new("ip").args(arguments.split(' ')).output().unwrap();
    assert!(ended.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&ended.stderr));
}

/// The device: a process that only holds its network open.
struct Device(Child);

impl Device {
    fn plugged_in() -> Self {
        ip("link set lo up");
        ip("link add cable type veth peer name far");
        ip(&format!("address add {GATEWAY}/24 dev cable"));
        ip("link set cable up");
        let mut process = Command::new("unshare");
        process.args(["--net", "sh", "-c", "echo here; exec sleep 600"]).stdout(Stdio::piped());
        let mut process = process.spawn().unwrap();
        // It is in its own namespace when it speaks.
        process.stdout.as_mut().unwrap().read_exact(&mut [0; 5]).unwrap();
        let me = Self(process);
        ip(&format!("link set far netns {}", me.0.id()));
        me.has(MAC);
        me.inside("ip", &["address", "add", &format!("{DEVICE}/24"), "dev", "far"]);
        me
    }

    fn has(&self, mac: &str) {
        self.inside("ip", &["link", "set", "far", "down"]);
        self.inside("ip", &["link", "set", "far", "address", mac]);
        self.inside("ip", &["link", "set", "far", "up"]);
    }

    fn inside(&self, program: &str, arguments: &[&str]) -> String {
        let process = self.0.id().to_string();
        let ended = Command::new("nsenter").args(["--net", "--target", &process, program]).args(arguments).output();
        let ended = ended.unwrap();
        assert!(ended.status.success(), "{program}: {}", String::from_utf8_lossy(&ended.stderr));
        String::from_utf8(ended.stdout).unwrap()
    }

    /// How the gateway answers it: the status of the answer.
    async fn asks(&self, gateway: SocketAddr, name: &str) -> String {
        let (process, at) = (self.0.id().to_string(), format!("@{}", gateway.ip()));
        let port = gateway.port().to_string();
        let asking = tokio::process::Command::new("nsenter")
            .args(["--net", "--target", &process, "dig", "+tries=5", "+time=2", &at, "-p", &port, name, "A"])
            .output();
        let said = String::from_utf8(asking.await.unwrap().stdout).unwrap();
        let status = said.split("status: ").nth(1).and_then(|rest| rest.split(',').next());
        status.unwrap_or_else(|| panic!("{said}")).to_owned()
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn inside() {
    let device = Device::plugged_in();
    let mut policy = policy(1);
    // Staff, who may play: nothing but the hardware address says so.
    let laptop = policy.devices.iter_mut().find(|device| device.id == device_id(2)).unwrap();
    (laptop.mac, laptop.source_addresses) = (Some(MAC.to_owned()), Vec::new());
    let world = World::configured(Some(policy.clone()), |config| config.dns = format!("{GATEWAY}:0").parse().unwrap());
    let world = world.await;
    let gateway = world.gateway.dns_addr();
    assert_eq!(device.asks(gateway, "arcade.test").await, "NOERROR", "known from its first question on");
    assert_eq!(device.asks(gateway, "casino.test").await, "NXDOMAIN", "and filtered as staff are");

    // The same address with another card is nobody, and in the strictest group.
    device.has(OTHER_MAC);
    until(Duration::from_secs(20), async || (device.asks(gateway, "arcade.test").await == "NXDOMAIN").then_some(()))
        .await;

    // A reserved address of a device whose hardware address the register knows: with another card it is no proof.
    policy.version = 2;
    policy.devices[1].source_addresses = vec![DEVICE];
    world.publish(&policy);
    until(Duration::from_secs(20), async || match world.status().policy {
        holdfast_gateway::status::Policy::Snapshot { version: 2, .. } => Some(()),
        _ => None,
    })
    .await;
    assert_eq!(device.asks(gateway, "arcade.test").await, "NXDOMAIN", "a mismatch proves nothing");
    device.has(MAC);
    until(Duration::from_secs(20), async || (device.asks(gateway, "arcade.test").await == "NOERROR").then_some(()))
        .await;
    let events = world.events().await;
    let unknown = events.iter().filter(|event| matches!(event.kind, Kind::Unidentified { .. })).count();
    assert!(unknown >= 1, "who is not known is an event: {events:?}");
    drop(device);
}
