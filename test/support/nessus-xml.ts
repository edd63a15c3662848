/** .nessus files of any size, in the form that Nessus 10 writes them: for benchmarks and tests of memory. */
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const PROLOG = `<?xml version="1.0" ?>
<NessusClientData_v2>
<Policy><policyName>Basic Network Scan</policyName>
<Preferences><ServerPreferences><preference><name>max_hosts</name><value>30</value></preference></ServerPreferences></Preferences>
</Policy>
<Report name="weekly" xmlns:cm="http://www.nessus.org/cm">
`;
const END = '</Report>\n</NessusClientData_v2>\n';

export const ITEMS_PER_HOST = 35;

/** About 50 KB: a host with what one of each kind of plugin says. */
function host(i: number): string {
  const ip = `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
  let items = '';
  for (let n = 0; n < ITEMS_PER_HOST; n += 1) items += n % 3 === 0 ? weakness(i, n) : information(i, n);
  return `<ReportHost name="${ip}"><HostProperties>
<tag name="HOST_END_TIMESTAMP">${1_795_257_739 + (i % 600)}</tag>
<tag name="HOST_END">Sat Nov 21 10:42:19 2026</tag>
<tag name="operating-system">Linux Kernel 6.1</tag>
<tag name="cpe-0">cpe:/a:openbsd:openssh:9.2p1 -&gt; OpenBSD OpenSSH</tag>
<tag name="host-fqdn">host-${i}.example</tag>
<tag name="host-ip">${ip}</tag>
<tag name="HOST_START">Sat Nov 21 10:00:00 2026</tag>
</HostProperties>
${items}</ReportHost>
`;
}

/** About 2,000 bytes. */
const weakness = (i: number, n: number): string =>
  `<ReportItem port="${443 + n}" svc_name="www" protocol="tcp" severity="${1 + (n % 4)}" pluginID="${51_000 + n}" pluginName="TLS Version 1.${n} Protocol Deprecated &amp; More" pluginFamily="Service detection">
<cve>CVE-2016-${2_000 + n}</cve>
<cve>CVE-2016-${3_000 + n}</cve>
<cvss3_base_score>7.5</cvss3_base_score>
<cvss3_temporal_score>6.5</cvss3_temporal_score>
<cvss3_vector>CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N</cvss3_vector>
<cvss_base_score>5.0</cvss_base_score>
<cvss_vector>CVSS2#AV:N/AC:L/Au:N/C:P/I:N/A:N</cvss_vector>
<cwe>327</cwe>
<description>The remote service accepts connections encrypted using an old version of TLS. It has a number of
cryptographic design flaws that modern implementations mitigate, but newer versions are designed against
these flaws and should be used whenever possible.

An endpoint that does not enable newer versions will no longer function properly with major web browsers
and major vendors, nor is it PCI compliant.</description>
<exploit_available>true</exploit_available>
<exploitability_ease>Exploits are available</exploitability_ease>
<fname>tls_deprecated_${n}.nasl</fname>
<plugin_modification_date>2026/04/19</plugin_modification_date>
<plugin_name>TLS Version 1.${n} Protocol Deprecated</plugin_name>
<plugin_publication_date>2022/04/04</plugin_publication_date>
<plugin_type>remote</plugin_type>
<risk_factor>Medium</risk_factor>
<script_version>1.6</script_version>
<see_also>https://docs.example/tls/deprecated
https://docs.example/tls/${n}</see_also>
<solution>Enable support for newer versions of TLS, and disable support for old ones.</solution>
<synopsis>The remote service encrypts traffic using an older version of TLS.</synopsis>
<xref>CWE:327</xref>
<plugin_output>
Host ${i} answered with:
  - version : 1.${n} &gt;= 1.0
  - cipher  : ECDHE-RSA-AES128-SHA
</plugin_output>
</ReportItem>
`;

/** About 1,100 bytes. */
const information = (i: number, n: number): string =>
  `<ReportItem port="${n}" svc_name="ssh" protocol="tcp" severity="0" pluginID="${11_000 + n}" pluginName="Nessus SYN scanner" pluginFamily="Port scanners">
<description>This plugin is a SYN 'half-open' port scanner.  It shall be reasonably quick even against a firewalled target.

Note that SYN scans are less intrusive than TCP (full connect) scans against broken services, but they might cause problems for less robust firewalls and also leave unclosed connections on the remote target, if the network is loaded.</description>
<fname>nessus_syn_scanner.nbin</fname>
<plugin_modification_date>2026/09/25</plugin_modification_date>
<plugin_name>Nessus SYN scanner</plugin_name>
<plugin_publication_date>2009/02/04</plugin_publication_date>
<plugin_type>remote</plugin_type>
<risk_factor>None</risk_factor>
<script_version>1.54</script_version>
<solution>Protect your target with an IP filter.</solution>
<synopsis>It is possible to determine which TCP ports are open.</synopsis>
<plugin_output>Port ${n}/tcp of host ${i} was found to be open</plugin_output>
</ReportItem>
`;

const HOSTS_PER_PIECE = 4;

export function* nessusXml(hosts: number): Generator<string> {
  yield PROLOG;
  for (let from = 0; from < hosts; from += HOSTS_PER_PIECE) {
    let piece = '';
    for (let i = from; i < Math.min(hosts, from + HOSTS_PER_PIECE); i += 1) piece += host(i);
    yield piece;
  }
  yield END;
}

export const writeNessusXml = (path: string, hosts: number): Promise<void> =>
  pipeline(Readable.from(nessusXml(hosts)), createWriteStream(path));
