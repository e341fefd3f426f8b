//! What a system is given so that it asks our filter, as its own tools read it: a configuration profile for Apple, a
//! script for Windows, a policy for ChromeOS and Chrome. Android has no such file: it is typed (the page says what).
//!
//! Each carries this one device's own address of encrypted DNS (S33), so a file is never given to a second device. What
//! it is not: enrolment. None of these can stop whoever owns the device's administrator account; the check from the
//! device itself is what shows that it holds. To add a system: a file here, a line in [`System`], its steps in the views.

mod apple;
mod chrome;
mod windows;

use std::fmt;

use super::SetUpSheet;

/// A system that takes a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// iPhone, iPad, Mac: DNS, and our root where the device is the setting's own.
    Apple,
    /// The same with a proxy for everything: only for iPads and iPhones that are supervised, and Macs.
    AppleWithProxy,
    /// Windows 11, and 10 for all but encrypted DNS.
    Windows,
    /// ChromeOS, and Chrome under management elsewhere.
    Chrome,
}

/// A file for a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// As it is saved.
    pub name: &'static str,
    /// Its media type.
    pub media_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Why there is no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// The device has no credential, or no encrypted DNS is served: there is nothing that would know it.
    NoAddress,
    /// It could not be written; a mistake of ours.
    Unwritten,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoAddress => "This device has no address of its own yet. Give it a credential first.",
            Self::Unwritten => "The file could not be written.",
        })
    }
}

impl System {
    /// Every system, with the last part of its file's address.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Apple, "holdfast.mobileconfig"),
        (Self::AppleWithProxy, "holdfast-proxy.mobileconfig"),
        (Self::Windows, "holdfast.ps1"),
        (Self::Chrome, "holdfast.json"),
    ];

    /// The system whose file has this name.
    pub fn of_file(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, file)| *file == name).map(|(system, _)| *system)
    }

    fn file_name(self) -> &'static str {
        Self::ALL.iter().find(|(system, _)| *system == self).map_or("holdfast", |(_, name)| name)
    }
}

/// The file of a device for a system.
///
/// # Errors
/// [`Missing`].
pub fn file(sheet: &SetUpSheet, system: System) -> Result<File, Missing> {
    let (media_type, bytes) = match system {
        System::Apple => ("application/x-apple-aspen-config", apple::profile(sheet, None)?),
        System::AppleWithProxy => {
            let pac = sheet.pac_url.as_deref().ok_or(Missing::NoAddress)?;
            ("application/x-apple-aspen-config", apple::profile(sheet, Some(pac))?)
        }
        System::Windows => ("text/plain; charset=utf-8", windows::script(sheet)?.into_bytes()),
        System::Chrome => ("application/json", chrome::policy(sheet)?.into_bytes()),
    };
    Ok(File { name: system.file_name(), media_type, bytes })
}

/// The bytes between a PEM's lines: what a profile carries.
fn der(pem: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    let body = pem.split_once("-----BEGIN CERTIFICATE-----")?.1.split_once("-----END CERTIFICATE-----")?.0;
    let figures: String = body.split_whitespace().collect();
    base64::engine::general_purpose::STANDARD.decode(figures).ok()
}

#[cfg(test)]
mod tests;
