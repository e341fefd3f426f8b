//! What is done on each system, in words, in the order in which its own menus ask for it.
//!
//! Menus change with every year's version: a step names what to look for, not every tap. To add a system: a function, and
//! its place in [`of_kind`].

use app::devices::profiles::System as Files;
use app::devices::{DeviceKind, SetUpSheet};
use views::pages::devices::System;
use views::ui::{Cell, Summary};

/// The systems that a device of this kind may have; files are offered below `files`, where it has an address of its own.
pub(super) fn of_kind(sheet: &SetUpSheet, files: Option<&str>) -> Vec<System> {
    let all = match sheet.kind {
        DeviceKind::Tablet => vec![apple(sheet), android(sheet), chromebook(sheet)],
        DeviceKind::Phone => vec![apple(sheet), android(sheet)],
        DeviceKind::Laptop | DeviceKind::Server => vec![windows(sheet), apple(sheet), chromebook(sheet)],
        DeviceKind::Guest | DeviceKind::Appliance | DeviceKind::Gateway | DeviceKind::PhoneLine | DeviceKind::Alarm => {
            vec![by_network(sheet)]
        }
    };
    all.into_iter()
        .map(|(mut system, kinds)| {
            if let Some(base) = files {
                system.files =
                    kinds.into_iter().map(|(file, words)| (format!("{base}/{file}"), words.into())).collect();
            }
            system
        })
        .collect()
}

type Steps = (System, Vec<(&'static str, &'static str)>);

fn lines(all: &[&str]) -> Vec<String> {
    all.iter().map(|line| (*line).to_owned()).collect()
}

fn name_of(file: Files) -> &'static str {
    Files::ALL.iter().find(|(system, _)| *system == file).map_or("", |(_, name)| name)
}

fn apple(sheet: &SetUpSheet) -> Steps {
    let mut steps = lines(&[
        "Get the profile in Safari, and allow it.",
        "iPad, iPhone: Settings, “Profile Downloaded”, Install. Mac: System Settings, General, Device Management.",
    ]);
    if sheet.root_pem.is_some() {
        steps.push(
            "iPad, iPhone: Settings, General, About, Certificate Trust Settings: switch our certificate on.".into(),
        );
    }
    steps.extend(lines(&[
        "Settings, General, VPN and Device Management, DNS: our DNS is chosen there, not “Automatic”.",
        "Settings, Wi-Fi, the (i) beside our network: “Private Wi-Fi Address” off, “Limit IP Address Tracking” off.",
    ]));
    let limits = lines(&[
        "Unless the iPad is supervised (Apple Configurator, or a management service), whoever holds it can take the profile away. Checking it again each term shows that.",
        "Where our DNS cannot be reached, away from here, the device finds no site at all.",
        "The profile with the proxy works on supervised iPads and on Macs only.",
    ]);
    (
        System { name: "iPad, iPhone, Mac".into(), steps, limits, ..System::default() },
        vec![
            (name_of(Files::Apple), "Get the profile"),
            (name_of(Files::AppleWithProxy), "Get the profile with proxy"),
        ],
    )
}

fn android(sheet: &SetUpSheet) -> Steps {
    let mut steps = Vec::new();
    let mut values = Summary::new();
    match &sheet.dot_name {
        Some(name) if sheet.dot_at_usual_port() => {
            steps.push("Settings, search for “Private DNS”, “Private DNS provider hostname”: enter the name below. It holds in every network, mobile data too.".to_owned());
            values = values.row("Private DNS name", Cell::Inert(name.clone()));
        }
        Some(_) => steps.push(
            "Encrypted DNS listens at another port here than the one that Android asks, so leave “Private DNS” off."
                .into(),
        ),
        None => steps.push("There is no encrypted DNS for this device, so leave “Private DNS” off.".into()),
    }
    steps.extend(lines(&[
        "Settings, Wi-Fi, our network, the pen, Advanced options, Proxy: “Proxy auto-config”, and the address below.",
        "The same place, Privacy: “Use device MAC”.",
        "Chrome, Settings, Privacy and security: “Use secure DNS” off.",
    ]));
    if let Some(pac) = &sheet.pac_url {
        values = values.row("Proxy auto-config", Cell::Inert(pac.clone()));
    }
    if let Some(dns) = sheet.dns_address() {
        values = values.row("DNS, if it is asked for", Cell::Inert(dns.to_string()));
    }
    let limits = lines(&[
        "Android believes a certificate for “Private DNS” only from a public authority. If it says “Couldn’t connect”, turn it off: the network’s own DNS is ours too.",
        "Apps may go past the proxy; DNS still holds them. A management service can lock all three settings.",
    ]);
    (System { name: "Android tablet or phone".into(), steps, values, limits, ..System::default() }, Vec::new())
}

fn windows(sheet: &SetUpSheet) -> Steps {
    let steps = lines(&[
        "Get the script as an administrator of this computer.",
        "Right-click Start, “Terminal (Administrator)”, go to Downloads, and run: powershell -ExecutionPolicy Bypass -File .\\holdfast.ps1",
        "A page opens by itself and says whether this computer is protected.",
        "People who work on it sign in as ordinary users, not as administrators.",
    ]);
    let mut limits =
        lines(&["An administrator of the computer can undo it. Windows 10 has no encrypted DNS: it asks unencrypted."]);
    if !sheet.dns_at_usual_port() {
        limits.push(
            "Our DNS does not listen at port 53 here, and Windows asks no other: the script sets the proxy alone."
                .into(),
        );
    }
    (
        System { name: "Windows".into(), steps, limits, ..System::default() },
        vec![(name_of(Files::Windows), "Get the script")],
    )
}

fn chromebook(sheet: &SetUpSheet) -> Steps {
    let steps = lines(&[
        "In the Google Admin console make an organisational unit for this one device.",
        "Devices, Chrome, Settings: enter what the policy file says: DNS over HTTPS “secure” with the template, proxy “auto-config script”.",
        "Without management: Settings, Network, our network, Proxy: “Automatic proxy configuration”, and Network, Name servers: ours.",
    ]);
    let mut values = Summary::new();
    if let Some(doh) = &sheet.doh_url {
        values = values.row("DNS template", Cell::Inert(doh.clone()));
    }
    if let Some(pac) = &sheet.pac_url {
        values = values.row("Proxy auto-config", Cell::Inert(pac.clone()));
    }
    let limits = lines(&["Without management the person who signs in can change both."]);
    (
        System { name: "Chromebook, or Chrome under management".into(), steps, values, limits, ..System::default() },
        vec![(name_of(Files::Chrome), "Get the policy file")],
    )
}

/// Televisions, telephones, what is not ours: known by where it stands in the network.
fn by_network(sheet: &SetUpSheet) -> Steps {
    let steps = lines(&[
        "In the router give it a reserved address, and write that address on its page here.",
        "Its DNS comes from the network. Where it has a setting of its own, enter the one below.",
    ]);
    let mut values = Summary::new();
    if let Some(dns) = sheet.dns_address() {
        values = values.row("DNS", Cell::Inert(dns.to_string()));
    }
    let limits = match sheet.kind {
        DeviceKind::Guest => lines(&[
            "It is not ours: no certificate of ours goes on it, and what it asks for is counted and never tied to anybody.",
        ]),
        _ => lines(&["An address alone can be taken by another device: it names this one, never a person."]),
    };
    (System { name: "By its place in the network".into(), steps, values, limits, ..System::default() }, Vec::new())
}
