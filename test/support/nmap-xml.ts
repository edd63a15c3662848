/** nmap XML of any size, in the form nmap 7.93 writes: for benchmarks and tests of memory. */
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const PROLOG = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE nmaprun>
<?xml-stylesheet href="file:///usr/bin/../share/nmap/nmap.xsl" type="text/xsl"?>
<!-- Nmap 7.93 scan initiated Sat Nov 21 10:42:18 2026 as: nmap -oX - -&#45;stats-every 1s -n -sV -iL - -->
<nmaprun scanner="nmap" args="nmap -oX - -&#45;stats-every 1s -n -sV -iL -" start="1795257738" startstr="Sat Nov 21 10:42:18 2026" version="7.93" xmloutputversion="1.05">
<scaninfo type="connect" protocol="tcp" numservices="1000" services="1-1000"/>
<verbose level="0"/>
<debugging level="0"/>
`;

/** About 1,850 bytes, with five ports, four of them open, and one script. */
function host(i: number): string {
  return `<host starttime="1795257738" endtime="${1795257739 + (i % 600)}"><status state="up" reason="conn-refused" reason_ttl="0"/>
<address addr="10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}" addrtype="ipv4"/>
<hostnames>
<hostname name="host-${i}.example" type="PTR"/>
</hostnames>
<ports><extraports state="closed" count="995">
<extrareasons reason="conn-refused" count="995" proto="tcp" ports="1-21,23-79,81-138,140-442,444-992,994-1000"/>
</extraports>
<port protocol="tcp" portid="22"><state state="open" reason="syn-ack" reason_ttl="0"/><service name="ssh" product="OpenSSH" version="9.2p1 Debian 2+deb12u3" extrainfo="protocol 2.0" ostype="Linux" method="probed" conf="10"><cpe>cpe:/a:openbsd:openssh:9.2p1</cpe><cpe>cpe:/o:linux:linux_kernel</cpe></service></port>
<port protocol="tcp" portid="80"><state state="open" reason="syn-ack" reason_ttl="0"/><service name="http" product="nginx" version="1.22.1" method="probed" conf="10"><cpe>cpe:/a:igor_sysoev:nginx:1.22.1</cpe></service><script id="http-title" output="Host ${i} &amp; friends&#xa;Requested resource was /index.html"><elem key="title">Host ${i} &amp; friends</elem></script></port>
<port protocol="tcp" portid="139"><state state="filtered" reason="no-response" reason_ttl="0"/><service name="netbios-ssn" method="table" conf="3"/></port>
<port protocol="tcp" portid="443"><state state="open" reason="syn-ack" reason_ttl="0"/><service name="http" product="nginx" version="1.22.1" tunnel="ssl" method="probed" conf="10"><cpe>cpe:/a:igor_sysoev:nginx:1.22.1</cpe></service></port>
<port protocol="tcp" portid="993"><state state="open" reason="syn-ack" reason_ttl="0"/><service name="imap" product="Dovecot imapd" tunnel="ssl" method="probed" conf="10"/></port>
</ports>
<times srtt="${100 + (i % 900)}" rttvar="5000" to="100000"/>
</host>
`;
}

const end = (hosts: number): string =>
  `<runstats><finished time="1795258338" timestr="Sat Nov 21 10:52:18 2026" summary="Nmap done" elapsed="600.00" exit="success"/><hosts up="${hosts}" down="0" total="${hosts}"/>
</runstats>
</nmaprun>
`;

/** One for each open port and script. */
export const FINDINGS_PER_HOST = 5;

const HOSTS_PER_PIECE = 100;

export function* nmapXml(hosts: number): Generator<string> {
  yield PROLOG;
  for (let from = 0; from < hosts; from += HOSTS_PER_PIECE) {
    let piece = '';
    for (let i = from; i < Math.min(hosts, from + HOSTS_PER_PIECE); i += 1) piece += host(i);
    yield piece;
  }
  yield end(hosts);
}

export const writeNmapXml = (path: string, hosts: number): Promise<void> =>
  pipeline(Readable.from(nmapXml(hosts)), createWriteStream(path));
