//! A script for PowerShell, run once by an administrator of the computer: our root, DNS with the device's own template,
//! the proxy's automatic configuration for everybody who signs in, and no resolver of the browsers' own.

use super::{Missing, SetUpSheet};

/// Browsers that would ask a resolver of their own: registry path, value, what it is set to.
const BROWSERS: [(&str, &str, &str); 3] = [
    (r"HKLM:\SOFTWARE\Policies\Google\Chrome", "DnsOverHttpsMode", "'off'"),
    (r"HKLM:\SOFTWARE\Policies\Microsoft\Edge", "DnsOverHttpsMode", "'off'"),
    (r"HKLM:\SOFTWARE\Policies\Mozilla\Firefox\DNSOverHTTPS", "Enabled", "0"),
];
const INTERNET: &str = r"HKLM:\SOFTWARE\Policies\Microsoft\Windows\CurrentVersion\Internet Settings";
const CONNECTIONS: &str = r"HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings";
const DNS_POLICY: &str = r"HKLM:\SOFTWARE\Policies\Microsoft\Windows NT\DNSClient";

/// The script.
pub(super) fn script(sheet: &SetUpSheet) -> Result<String, Missing> {
    let pac = sheet.pac_url.as_deref().ok_or(Missing::NoAddress)?;
    let mut lines = vec![
        "#Requires -RunAsAdministrator".to_owned(),
        format!("# {}: {}. Made for this one device: do not run it on another.", sheet.setting, sheet.name),
        "$ErrorActionPreference = 'Stop'".to_owned(),
        "function Set-Own($Path, $Name, $Value) {".to_owned(),
        "  if (-not (Test-Path $Path)) { New-Item -Path $Path -Force | Out-Null }".to_owned(),
        "  Set-ItemProperty -Path $Path -Name $Name -Value $Value".to_owned(),
        "}".to_owned(),
        String::new(),
    ];
    if let Some(root) = &sheet.root_pem {
        lines.extend([
            "# The certificate of the nursery's own pages and of its encrypted DNS.".to_owned(),
            "$root = Join-Path $env:TEMP 'holdfast-root.crt'".to_owned(),
            format!("Set-Content -Path $root -Encoding Ascii -Value @'\n{}\n'@", root.trim()),
            "Import-Certificate -FilePath $root -CertStoreLocation Cert:\\LocalMachine\\Root | Out-Null".to_owned(),
            "Remove-Item $root".to_owned(),
            String::new(),
        ]);
    }
    match (sheet.dns_address(), &sheet.doh_url) {
        (Some(dns), Some(template)) if sheet.dns_at_usual_port() => {
            let (dns, template) = (quoted(&dns.to_string()), quoted(template));
            lines.extend([
                "# DNS, with this computer's own address of it. Nothing is asked unencrypted once this stands.".to_owned(),
                format!(
                    "Get-NetAdapter -Physical | Set-DnsClientServerAddress -ServerAddresses {dns}"
                ),
                "if (Get-Command Add-DnsClientDohServerAddress -ErrorAction SilentlyContinue) {".to_owned(),
                format!("  Remove-DnsClientDohServerAddress -ServerAddress {dns} -ErrorAction SilentlyContinue"),
                format!(
                    "  Add-DnsClientDohServerAddress -ServerAddress {dns} -DohTemplate {template} -AllowFallbackToUdp $false -AutoUpgrade $true | Out-Null"
                ),
                "} else {".to_owned(),
                format!(
                    "  netsh dns add encryption server={} dohtemplate={} autoupgrade=yes udpfallback=no",
                    dns.trim_matches('\''),
                    template.trim_matches('\'')
                ),
                "}".to_owned(),
                format!("Set-Own {} 'DoHPolicy' 3", quoted(DNS_POLICY)),
                String::new(),
            ]);
        }
        (Some(dns), _) if sheet.dns_at_usual_port() => lines.extend([
            "# DNS, unencrypted: no encrypted DNS is served for this device.".to_owned(),
            format!(
                "Get-NetAdapter -Physical | Set-DnsClientServerAddress -ServerAddresses {}",
                quoted(&dns.to_string())
            ),
            String::new(),
        ]),
        _ => lines.extend([
            "# DNS is left as it is: Windows asks port 53 alone, and the filter's DNS listens at another.".to_owned(),
            String::new(),
        ]),
    }
    lines.extend([
        "# The proxy, for everybody who signs in here.".to_owned(),
        format!("Set-Own {} 'ProxySettingsPerUser' 0", quoted(INTERNET)),
        format!("Set-Own {} 'AutoConfigURL' {}", quoted(CONNECTIONS), quoted(pac)),
        String::new(),
        "# No resolver of the browsers' own.".to_owned(),
    ]);
    lines.extend(BROWSERS.map(|(path, name, value)| format!("Set-Own {} '{name}' {value}", quoted(path))));
    lines.extend([
        String::new(),
        "Clear-DnsClientCache".to_owned(),
        format!("Start-Process {}", quoted(&format!("http://{}/", super::super::CHECK_HOST))),
        "Write-Host 'Done. The page that opens says whether this computer is protected.'".to_owned(),
    ]);
    // Windows ends its lines so.
    Ok(lines.join("\n").replace('\n', "\r\n") + "\r\n")
}

/// A PowerShell string in which nothing is read but the quote itself.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
