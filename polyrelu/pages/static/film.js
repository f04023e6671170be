/* polyrelu: film.css film.ts map.ts page.css shell.ts package-lock.json sha256:3cd7b044c7df587795a66aaece4504522e4f983daed32f3ae2b38a36499ca0de; licences: LICENSES.txt beside this file */
"use strict";(()=>{var E=`.screen { position: absolute; inset: 0 0 58px 0; }
.screen canvas { position: absolute; }
.player {
  position: absolute; left: 0; right: 0; bottom: 0; height: 58px; padding: 0 14px; display: flex; align-items: center; gap: 12px;
  border-top: 1px solid var(--line); background: var(--paper);
}
.player .tool { flex: none; font-size: 13px; }
.player .when { font-variant-numeric: tabular-nums; min-width: 90px; text-align: right; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; max-width: 40%; }
.times { display: block; width: 100%; cursor: pointer; touch-action: none; }
.times .life { stroke-width: 7; stroke-linecap: round; }
.times .link { stroke-width: 1.5; fill: none; }
.times .now { stroke: var(--ink); stroke-width: 1.5; }
.times text { fill: var(--soft); font-size: 11px; }
.events { list-style: none; margin: 0; padding: 0; max-height: 240px; overflow: auto; }
.events button { background: none; border: 0; padding: 2px 4px; text-align: left; cursor: pointer; width: 100%; border-radius: 5px; }
.events button:hover, .events .current button { background: var(--raised); }
.events .current button { font-weight: 600; }
`;var y=class{constructor(e,t,n,s){this.low=e;this.high=t;this.width=n;this.height=s}low;high;width;height;get pixel(){return(this.high[0]-this.low[0])/this.width}toPixels(e,t){let n=(e-this.low[0])/(this.high[0]-this.low[0]),s=(t-this.low[1])/(this.high[1]-this.low[1]);return[n*this.width,(1-s)*this.height]}toPlane(e,t){return[this.low[0]+e/this.width*(this.high[0]-this.low[0]),this.high[1]-t/this.height*(this.high[1]-this.low[1])]}},v=class{constructor(e,t,n){this.columns=e;this.neurons=t;this.features=n;this.cells=e.starts.length-1,this.bytes=Math.ceil(t/8),this.edges=this.matchedEdges()}columns;neurons;features;cells;bytes;edges;sign(e,t){return(this.columns.signs[e*this.bytes+(t>>3)]>>7-(t&7)&1)===1}isOn(e,t){return this.sign(e,this.neurons-this.features+t)}island(e,t){return this.columns.islands[e*this.features+t]}pattern(e,t){let n=0;return t.map(s=>Array.from({length:s},()=>this.sign(e,n++)?"1":"0").join("")).join("|")}at(e,t){let{points:n,starts:s,corners:i}=this.columns;for(let o=0;o<this.cells;o++){let a=!0,[d,c]=[s[o],s[o+1]];for(let l=d;a&&l<c;l++){let p=2*i[l],u=2*i[l+1<c?l+1:d];a=(n[u]-n[p])*(t-n[p+1])>=(n[u+1]-n[p+1])*(e-n[p])}if(a)return o}return-1}area(e){let{points:t,starts:n,corners:s}=this.columns,i=0;for(let o=0;o<this.cells;o++){if(!this.isOn(o,e))continue;let[a,d]=[n[o],n[o+1]],[c,l]=[t[2*s[a]],t[2*s[a]+1]];for(let p=a+1;p+1<d;p++){let[u,m]=[2*s[p],2*s[p+1]];i+=(t[u]-c)*(t[m+1]-l)-(t[u+1]-l)*(t[m]-c)}}return i/2}isIn(e,t,n){return n===null?this.isOn(e,t):this.island(e,t)===n}zone(e,t,n=null){let s=new Path2D;for(let i=0;i<this.cells;i++)this.isIn(i,e,n)&&this.trace(s,i,t);return s}cell(e,t){let n=new Path2D;return this.trace(n,e,t),n}rim(e,t,n=null){return this.lines(t,(s,i)=>this.isIn(s,e,n)!==this.isIn(i,e,n))}folds(e){return this.lines(e,()=>!0)}trace(e,t,n){let{starts:s,corners:i}=this.columns,o=this.pixels(n);for(let a=s[t];a<s[t+1];a++){let d=2*i[a];a===s[t]?e.moveTo(o[d],o[d+1]):e.lineTo(o[d],o[d+1])}e.closePath()}pixels(e){if(this.latest?.view!==e){let{points:t}=this.columns,n=new Float64Array(t.length);for(let s=0;s<t.length;s+=2)n.set(e.toPixels(t[s],t[s+1]),s);this.latest={view:e,places:n}}return this.latest.places}latest=null;lines(e,t){let n=new Path2D,s=this.pixels(e);for(let i=0;i<this.edges.length;i+=4){let[o,a,d,c]=[this.edges[i],this.edges[i+1],this.edges[i+2],this.edges[i+3]];c<0||!t(d,c)||(n.moveTo(s[2*o],s[2*o+1]),n.lineTo(s[2*a],s[2*a+1]))}return n}matchedEdges(){let{starts:e,corners:t,points:n}=this.columns,s=n.length/2,i=new Map,o=[];for(let a=0;a<this.cells;a++)for(let d=e[a];d<e[a+1];d++){let[c,l]=[t[d],t[d+1<e[a+1]?d+1:e[a]]],p=i.get(l*s+c);p!==void 0?o[p+3]=a:(i.set(c*s+l,o.length),o.push(c,l,a,-1))}return Int32Array.from(o)}};var T={light:.5,dark:.4},N=.26;function O(r,e){let t=e?T.dark:T.light;return Math.min(N,1-(1-t)**(1/Math.max(1,r)))}function S(r,e,t){let{view:n,marked:s}=t;r.fillStyle=t.paper,r.fillRect(0,0,n.width,n.height),r.lineJoin=r.lineCap="round";let i=[...t.coats].sort((a,d)=>+(a.feature===s)-+(d.feature===s)),o=O(new Set(i.map(({feature:a})=>a)).size,t.dark);for(let{feature:a,island:d,colour:c}of t.filled?i:[])r.globalAlpha=s===null?o:a===s?.34:o/4,r.fillStyle=c,r.fill(e.zone(a,n,d));t.folds&&(r.globalAlpha=.35,r.strokeStyle=t.ink,r.lineWidth=.6,r.stroke(e.folds(n)));for(let{feature:a,island:d,line:c}of i)r.globalAlpha=s===null||a===s?1:.3,r.strokeStyle=c,r.lineWidth=a===s?3:1.8,r.stroke(e.rim(a,n,d));r.globalAlpha=1,z(r,n,t)}function z(r,e,t){r.font="11px system-ui, 'DejaVu Sans', sans-serif",r.strokeStyle=t.paper,r.lineWidth=3;let n=(i,o,a)=>{r.fillStyle=t.ink,r.strokeText(i,o,a),r.fillText(i,o,a)},s=(i,o,a,d)=>{r.fillStyle=t.ink,r.fillRect(i,o,a,d)};r.textAlign="center",r.textBaseline="bottom";for(let i of A(e.low[0],e.high[0])){let[o]=e.toPixels(i,0);o<34||o>e.width-14||(s(o-.5,e.height-5,1,5),n(x(i),o,e.height-7))}r.textAlign="left",r.textBaseline="middle";for(let i of A(e.low[1],e.high[1])){let[,o]=e.toPixels(0,i);o<10||o>e.height-24||(s(0,o-.5,5,1),n(x(i),9,o))}}function A(r,e){let t=10**Math.floor(Math.log10((e-r)/4)),n=[1,2,5,10].map(i=>i*t).find(i=>(e-r)/i<=7),s=Math.ceil(r/n);return Array.from({length:Math.floor(e/n)-s+1},(i,o)=>(s+o)*n)}function x(r){return String(Number(r.toPrecision(6))).replace("-","−")}var C=`:root {
  --paper: #ffffff;
  --raised: #f6f7f9;
  --line: #d5d9df;
  --ink: #1b2027;
  --soft: #59626e;
  --accent: #005f99;
  --focus: #0072b2;
  --mark: #fff3cd;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  color-scheme: light;
}
:root[data-theme="dark"] {
  --paper: #15181d;
  --raised: #1e2229;
  --line: #3a414b;
  --ink: #e6e8eb;
  --soft: #a0a8b3;
  --accent: #6bb8ec;
  --focus: #56b4e9;
  --mark: #453b14;
  color-scheme: dark;
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html, body { height: 100%; margin: 0; background: var(--paper); }
body {
  color: var(--ink);
  font: 13px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
  -webkit-text-size-adjust: 100%;
}
button, input, select { font: inherit; color: inherit; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 1px; }

.app { display: grid; grid-template-columns: minmax(0, 1fr) 360px; height: 100vh; height: 100dvh; }
.stage { position: relative; overflow: hidden; min-width: 0; min-height: 0; }
.stage canvas { display: block; width: 100%; height: 100%; touch-action: none; outline-offset: -2px; }
.panel { overflow-y: auto; border-left: 1px solid var(--line); background: var(--paper); padding: 14px 16px 20px; }
@media (max-width: 720px) {
  .app { display: block; height: auto; }
  .stage { height: min(100vw, 68vh); height: min(100vw, 68dvh); }
  .panel { border-left: 0; border-top: 1px solid var(--line); overflow: visible; }
}

.tools { position: absolute; top: 10px; right: 10px; display: flex; gap: 4px; z-index: 2; }
.tool {
  min-width: 32px; height: 32px; padding: 0 8px; display: grid; place-items: center; cursor: pointer;
  background: var(--paper); border: 1px solid var(--line); border-radius: 7px;
}
.tool:hover, .plain:hover { border-color: var(--soft); }
.tool svg { width: 16px; height: 16px; fill: none; stroke: currentColor; stroke-width: 1.6; stroke-linecap: round; stroke-linejoin: round; }
.plain {
  background: none; border: 1px solid var(--line); border-radius: 6px; padding: 1px 9px; cursor: pointer;
}
.plain[aria-pressed="true"] { background: var(--ink); color: var(--paper); border-color: var(--ink); }

h1 { font-size: 16px; line-height: 1.3; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 11px; letter-spacing: 0.05em; text-transform: uppercase; color: var(--soft); margin: 0; font-weight: 600; }
.facts { margin: 0; color: var(--soft); overflow-wrap: anywhere; }
.facts code { color: var(--ink); }
.warning { margin: 8px 0 0; padding: 6px 9px; border-radius: 6px; background: var(--mark); }
code, .mono { font-family: var(--mono); font-size: 12px; }
section { border-top: 1px solid var(--line); margin-top: 12px; padding-top: 10px; }
.heading { display: flex; align-items: center; gap: 6px; margin-bottom: 6px; min-height: 22px; }
.heading h2 { flex: 1; }
.row { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 12px; }
.row ~ .row { margin-top: 6px; }
.note { color: var(--soft); }
.note:empty { display: none; }
p.note { margin: 4px 0 0; }

.check { display: inline-flex; align-items: center; gap: 6px; cursor: pointer; }
.check input, .entry input { accent-color: var(--focus); margin: 0; width: 15px; height: 15px; flex: none; }
input[type="search"] {
  width: 100%; padding: 5px 9px; border: 1px solid var(--line); border-radius: 7px; background: var(--raised);
}
input[type="range"] { accent-color: var(--focus); min-width: 0; flex: 1; }
input[type="search"].mono { font-size: 12px; }
.dash { display: inline-block; width: 14px; height: 3px; border-radius: 2px; margin-right: 6px; vertical-align: middle; }
.empty { position: absolute; inset: 0; display: grid; place-items: center; margin: 0; padding: 40px; text-align: center; color: var(--soft); pointer-events: none; }
.chips { display: flex; flex-wrap: wrap; gap: 5px; align-items: center; }

.legend { list-style: none; margin: 0; padding: 0; }
.entry { display: grid; grid-template-columns: auto auto minmax(0, 1fr) auto; align-items: center; gap: 8px; padding: 2px 4px; border-radius: 5px; }
.entry:hover, .entry.marked { background: var(--raised); }
.entry .name { background: none; border: 0; padding: 2px 0; text-align: left; cursor: pointer; overflow-wrap: anywhere; }
.entry .name:hover { text-decoration: underline; }
.entry .note { font-variant-numeric: tabular-nums; text-align: right; white-space: nowrap; }
.swatch { width: 14px; height: 14px; border-radius: 4px; border: 1px solid var(--ink); flex: none; }

.card { border: 1px solid var(--line); border-radius: 8px; background: var(--paper); padding: 8px 10px; }
.card + .card { margin-top: 8px; }
.card .head { display: flex; align-items: center; gap: 7px; font-weight: 600; }
.card .head span.grow { flex: 1; }
.card dl { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 2px 10px; margin: 4px 0 0; }
.card dt { color: var(--soft); }
.card dd { margin: 0; font-family: var(--mono); font-size: 12px; overflow-wrap: anywhere; max-height: 132px; overflow: auto; }
.card dd.prose { font: inherit; }
.card .rows { display: grid; gap: 1px; }
.card .rows div { border-radius: 4px; padding: 0 3px; margin: 0 -3px; display: flex; flex-wrap: wrap; column-gap: 10px; align-items: baseline; }
.card .rows .label { font: 11px/1.45 system-ui, sans-serif; color: var(--soft); white-space: nowrap; }
.card .rows div[tabindex]:hover { background: var(--raised); }
.close { border: 0; background: none; padding: 0 4px; cursor: pointer; font-size: 16px; line-height: 1; color: var(--soft); }
.hover {
  position: absolute; z-index: 3; pointer-events: none; max-width: min(380px, calc(100% - 16px));
  box-shadow: 0 4px 18px rgb(0 0 0 / 18%);
}
.hover dd { max-height: none; overflow: hidden; }

dialog {
  color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 16px 20px;
  max-width: min(460px, calc(100vw - 32px));
}
dialog::backdrop { background: rgb(0 0 0 / 35%); }
dialog h1 { margin-bottom: 10px; }
dialog dl { display: grid; grid-template-columns: auto 1fr; gap: 5px 14px; margin: 0 0 14px; }
dialog dd { margin: 0; }
kbd { font-family: var(--mono); font-size: 12px; border: 1px solid var(--line); border-bottom-width: 2px; border-radius: 5px; padding: 0 6px; background: var(--raised); white-space: nowrap; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: 3px 12px 3px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 600; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (prefers-reduced-motion: no-preference) { .tool, .plain, .entry { transition: background 0.12s, border-color 0.12s; } }
`;var B={f64:Float64Array,f32:Float32Array,u8:Uint8Array,u16:Uint16Array,u32:Uint32Array,i32:Int32Array};function L(){return JSON.parse(document.getElementById("polyrelu-document")?.textContent??"null")}async function P(r){let e=Uint8Array.from(atob(r.data),d=>d.charCodeAt(0)),t=new Blob([e]).stream().pipeThrough(new DecompressionStream("deflate")),n=new Uint8Array(await new Response(t).arrayBuffer()),s=B[r.type],i=s.BYTES_PER_ELEMENT,o=n.length/i,a=new Uint8Array(n.length);for(let d=0;d<i;d++)for(let c=0;c<o;c++)a[c*i+d]=n[d*o+c];return new s(a.buffer)}function h(r,e={},...t){let n=document.createElement(r);for(let[s,i]of Object.entries(e))typeof i=="function"?n.addEventListener(s,i):i===!0?n.setAttribute(s,""):i!==!1&&i!==void 0&&n.setAttribute(s,String(i));return n.append(...t.filter(s=>!!s)),n}var j={fit:"M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4",plus:"M8 3v10M3 8h10",minus:"M3 8h10",help:"M5.5 6a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.8-1.1 1.6M8 12.6v.1",theme:"M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5",save:"M8 2v8M5 7l3 3 3-3M3 13h10"};function F(r){let e=document.createElementNS("http://www.w3.org/2000/svg","svg");e.setAttribute("viewBox","0 0 16 16"),e.setAttribute("aria-hidden","true");let t=document.createElementNS("http://www.w3.org/2000/svg","path");return t.setAttribute("d",j[r]),e.append(t),e}function $(r){document.head.append(h("style",{},C));let e=h("div",{class:"tools",role:"toolbar","aria-label":"View"}),t=h("div",{class:"stage"},e),n=h("aside",{class:"panel","aria-label":"Details"},h("h1",{},r.title),...r.facts.map(l=>h("p",{class:"facts"},l)),r.warning?h("p",{class:"warning",role:"note"},r.warning):null),s=h("div",{class:"unseen","aria-live":"polite",role:"status"});document.body.append(h("main",{class:"app"},t,n),s);let i=[],o=[],a=[],d=W(()=>a.forEach(l=>l(d.now()))),c={stage:t,panel:n,section(l,...p){let u=h("section",{"aria-label":l},h("div",{class:"heading"},h("h2",{},l),...p));return n.append(u),u},tool(l,p,u,m){let f=h("button",{class:"tool",type:"button",title:K(p,u[0]),"aria-label":p,click:m});return f.append(F(l)),e.append(f),u.length&&i.push({keys:u,says:p,run:m}),f},listen:(...l)=>i.push(...l),listenQuietly:(...l)=>o.push(...l),announce:l=>s.textContent=l,theme:d.now,onTheme:l=>a.push(l)};return c.tool("theme","Light or dark",["t"],d.toggle),c.tool("help","Keys",["?"],()=>Y(i)),document.addEventListener("keydown",l=>G(l,[...i,...o])),c}function K(r,e){return e===void 0?r:`${r} (${e})`}function W(r){let e=document.documentElement,t=matchMedia("(prefers-color-scheme: dark)"),n,s=()=>n??(t.matches?"dark":"light"),i=()=>{e.dataset.theme=s(),r()};return e.dataset.theme=s(),t.addEventListener("change",i),{now:s,toggle:()=>{n=s()==="dark"?"light":"dark",i()}}}var _='input:not([type="checkbox"]):not([type="range"]), textarea, select';function G(r,e){let t=r.target;if(r.ctrlKey||r.metaKey||r.altKey||document.querySelector("dialog[open]"))return;if(t.matches(_)){r.key==="Escape"&&t.blur();return}let n=t.matches("button, input, summary, a")&&[" ","Enter"].includes(r.key),s=t.matches("input")&&r.key.startsWith("Arrow"),i=n||s?void 0:e.find(o=>o.keys.includes(r.key));i&&(r.preventDefault(),i.run(r))}function Y(r){let e=h("dl");for(let s of r)e.append(h("dt",{},h("kbd",{},s.shown??s.keys[0])),h("dd",{},s.says));let t=h("button",{class:"plain",type:"button",autofocus:!0,click:()=>n.close()},"Close"),n=h("dialog",{"aria-label":"Keys",close:()=>n.remove()},h("h1",{},"Keys"),e,t);document.body.append(n),n.showModal()}function k(r,e,t){let n=h("input",{type:"checkbox",checked:e,change:()=>t(n.checked)});return Object.assign(h("label",{class:"check"},n,r),{box:n})}function V(r,e,t,n){let s=e.map(o=>h("button",{class:"plain",type:"button","aria-pressed":String(o===t),click:()=>i(o)},o)),i=o=>{s.forEach((a,d)=>a.setAttribute("aria-pressed",String(e[d]===o))),n(o)};return h("div",{class:"chips",role:"group","aria-label":r},...s)}var q=500;function H(r,e){let t=r.map(()=>!0),n=r.slice(0,q),s=n.map((c,l)=>h("input",{type:"checkbox",checked:!0,"aria-label":`Show ${c.name}`,change:()=>{t[l]=s[l].checked,e.ticked()}})),i=n.map(c=>{let l=h("span",{class:"swatch"});return l.style.background=c.colour,l}),o=n.map((c,l)=>h("li",{class:"entry",mouseenter:()=>e.pointed?.(l),mouseleave:()=>e.pointed?.(null)},s[l],i[l],h("button",{class:"name",type:"button",click:()=>e.chosen(l),focus:()=>e.pointed?.(l),blur:()=>e.pointed?.(null)},c.name),h("span",{class:"note"},c.note))),a=r.length-n.length,d=a>0?h("li",{class:"note"},`and ${a} more`):null;return{list:h("ul",{class:"legend"},...o,d),shown:c=>t[c]??!0,all(c){t.fill(c),s.forEach(l=>l.checked=c),e.ticked()},mark:c=>o.forEach((l,p)=>l.classList.toggle("marked",p===c)),recolour:c=>i.forEach((l,p)=>l.style.background=c(p))}}var R="http://www.w3.org/2000/svg",J=500,Q=14,D=13,M=class{constructor(e,t){this.shell=e;this.film=t;this.maps=t.frames.map(()=>{}),this.slider=h("input",{type:"range",min:0,max:t.frames.length-1,step:1,value:0,"aria-label":"Checkpoint",input:()=>{this.show(Number(this.slider.value))}});let n=t.features.map(({name:s,colour:i})=>({name:s,colour:i,note:" "}));this.legend=H(n,{ticked:()=>this.draw(),chosen:s=>{this.marked=this.marked===s?null:s,this.legend.mark(this.marked),this.draw()}}),this.happenings=t.events.map(s=>h("li",{},h("button",{type:"button",click:()=>{this.show(s.checkpoint)}},s.says))),this.build(),new ResizeObserver(()=>this.draw()).observe(this.screen),e.onTheme(()=>this.draw()),this.show(0)}shell;film;maps;now=0;marked=null;colouring="feature";folds=!1;names=!0;playing;canvas=h("canvas",{role:"img"});screen=h("div",{class:"screen"},this.canvas);slider;when=h("span",{class:"when"});play=h("button",{class:"tool",type:"button","aria-label":"Play",click:()=>this.toggle()},"▶");times=document.createElementNS(R,"svg");legend;happenings;build(){document.head.append(h("style",{},E));let{shell:e}=this;e.stage.prepend(this.screen,h("div",{class:"player"},this.play,this.slider,this.when)),e.section("Zones").append(h("div",{class:"row"},V("Colour by",["feature","island"],"feature",i=>{this.colouring=i,this.draw()}),k("names",!0,i=>{this.names=i,this.draw()}),k("folds",!1,i=>{this.folds=i,this.draw()})),this.legend.list),this.times.setAttribute("class","times"),this.times.setAttribute("role","img"),this.times.setAttribute("aria-label","The lives of islands, from checkpoint to checkpoint"),e.section("Islands through checkpoints").append(this.times),this.times.addEventListener("pointerdown",i=>this.seek(i)),this.times.addEventListener("pointermove",i=>i.buttons&&this.seek(i)),e.section(`Events (${this.film.events.length})`).append(this.happenings.length?h("ul",{class:"events"},...this.happenings):h("p",{class:"facts"},"No island is born, dies, splits or merges.")),e.listen({keys:[" "],shown:"space",says:"Play, and stop",run:()=>this.toggle()},{keys:["ArrowRight"],shown:"→",says:"The next checkpoint",run:()=>{this.show(this.now+1)}},{keys:["ArrowLeft"],shown:"←",says:"The one before",run:()=>{this.show(this.now-1)}},{keys:["Home"],says:"The first",run:()=>{this.show(0)}},{keys:["End"],says:"The last",run:()=>{this.show(this.film.frames.length-1)}})}toggle(){let e=this.playing!==void 0;clearInterval(this.playing),this.playing=void 0,e||(this.now===this.film.frames.length-1&&this.show(0),this.playing=setInterval(()=>{this.now+1<this.film.frames.length?this.show(this.now+1):this.toggle()},J)),this.play.textContent=e?"▶":"❚❚",this.play.setAttribute("aria-label",e?"Play":"Stop")}async show(e){this.now=Math.max(0,Math.min(e,this.film.frames.length-1));let t=this.now;if(await this.map(t),t!==this.now)return;this.slider.value=String(this.now);let n=this.film.frames[this.now];this.slider.setAttribute("aria-valuetext",n.name),this.when.textContent=n.name,this.when.title=`checkpoint ${this.now} of ${this.film.frames.length}`,this.film.events.forEach((s,i)=>this.happenings[i].classList.toggle("current",s.checkpoint===this.now)),this.draw()}async map(e){let t=this.maps[e];if(t)return t;let{columns:n}=this.film.frames[e],[s,i,o,a,d]=await Promise.all([n.points,n.starts,n.corners,n.islands,n.signs].map(P)),c=this.film.features.length;return this.maps[e]=new v({points:s,starts:i,corners:o,islands:a,signs:d},c,c)}shadeOf(e,t){let{colours:n,features:s}=this.film;return this.colouring==="feature"?s[e]:n[(t+e)%n.length]}coat(e,t,n){let{colour:s,lines:i}=this.shadeOf(e,n);return{feature:e,island:t,colour:s,line:i[Number(this.dark)]}}get dark(){return this.shell.theme()==="dark"}draw(){let e=this.maps[this.now],{clientWidth:t,clientHeight:n}=this.screen;if(!e||!t)return;let[s,i,o,a]=this.film.window,d=Math.min((t-24)/(o-s),(n-24)/(a-i)),[c,l]=[(o-s)*d,(a-i)*d],p=window.devicePixelRatio||1;this.canvas.width=Math.round(c*p),this.canvas.height=Math.round(l*p),Object.assign(this.canvas.style,{width:`${c}px`,height:`${l}px`,left:`${(t-c)/2}px`,top:`${(n-l)/2}px`});let u=this.canvas.getContext("2d");u.scale(p,p);let m=new y([s,i],[o,a],c,l),f=getComputedStyle(document.documentElement),[g,b]=[f.getPropertyValue("--ink"),f.getPropertyValue("--paper")];S(u,e,{view:m,coats:this.coats(),marked:this.marked,dark:this.dark,filled:!0,folds:this.folds,ink:g,paper:b}),u.strokeStyle=f.getPropertyValue("--line"),u.lineWidth=1,u.strokeRect(.5,.5,c-1,l-1),this.names&&this.write(u,m,g,b),this.describe(),this.drawTimes()}shown(){return this.film.features.map((e,t)=>t).filter(e=>this.legend.shown(e))}coats(){let{islands:e}=this.film.frames[this.now];return this.shown().flatMap(t=>this.colouring==="feature"?[this.coat(t,null,0)]:e[t].map(({track:n},s)=>this.coat(t,s+1,n)))}write(e,t,n,s){let o=this.shown().filter(d=>this.marked===null||d===this.marked).flatMap(d=>this.film.frames[this.now].islands[d].map(c=>({feature:d,...c})));if(o.length>Q)return;e.font="600 12px system-ui, 'DejaVu Sans', sans-serif",e.textAlign="center",e.textBaseline="middle",e.lineWidth=3.5;let a=[];for(let{feature:d,track:c,at:l}of o){let[p,u]=t.toPixels(...l);for(;a.some(([f,g])=>Math.abs(f-p)<44&&Math.abs(g-u)<15);)u+=15;a.push([p,u]),e.strokeStyle=s,e.fillStyle=n;let m=`${this.film.features[d].name}·${c}`;e.strokeText(m,p,u),e.fillText(m,p,u)}}describe(){let e=this.film.frames[this.now];this.legend.list.querySelectorAll(".note").forEach((n,s)=>{let i=e.islands[s]?.length??0;n.textContent=i?`${i} island${i>1?"s":""}, area ${e.areas[s]}`:"nowhere on"});let t=this.shown().filter(n=>e.islands[n].length);this.canvas.setAttribute("aria-label",`Zones at ${e.name}: ${t.map(n=>this.film.features[n].name).join(", ")||"none"}`),this.canvas.dataset.checkpoint=String(this.now)}left=44;across(e,t){return this.left+8+e/Math.max(1,this.film.frames.length-1)*(t-this.left-18)}seek(e){let t=this.times.getBoundingClientRect(),n=(e.clientX-t.left-this.left-8)/(t.width-this.left-18);this.show(Math.round(n*(this.film.frames.length-1)))}drawTimes(){let e=this.times.clientWidth||300,t=[],n=(a,d,c)=>{let l=document.createElementNS(R,a);for(let[p,u]of Object.entries(d))l.setAttribute(p,String(u));c!==void 0&&(l.textContent=c),t.push(l)},s=new Map,i=4;for(let a of this.shown()){let d=this.lives(a);d.size&&n("text",{x:0,y:i+10},this.film.features[a].name);for(let[c,[l,p]]of d){let u=i+D/2;s.set(`${a} ${c}`,u),n("line",{class:"life",x1:this.across(l,e),x2:this.across(p,e)+.01,y1:u,y2:u,stroke:this.shadeOf(a,c).colour}),i+=D}d.size&&(i+=4)}for(let{checkpoint:a,feature:d,before:c,after:l}of this.film.events)for(let p of c)for(let u of l){let[m,f]=[s.get(`${d} ${p}`),s.get(`${d} ${u}`)];if(p===u||m===void 0||f===void 0)continue;let[g,b]=[this.across(a-1,e),this.across(a,e)];n("path",{class:"link",d:`M${g} ${m}C${(g+b)/2} ${m} ${(g+b)/2} ${f} ${b} ${f}`,stroke:this.shadeOf(d,u).colour})}let o=this.across(this.now,e);n("line",{class:"now",x1:o,x2:o,y1:0,y2:i}),this.times.setAttribute("height",String(i+4)),this.times.replaceChildren(...t)}lives(e){let t=new Map;return this.film.frames.forEach((n,s)=>{for(let{track:i}of n.islands[e])t.set(i,[t.get(i)?.[0]??s,s])}),t}},w=L(),[Z,X,ee,te]=w.window.map(x),ne=$({title:w.title,facts:[...w.facts,`window [${Z}, ${ee}] × [${X}, ${te}]`]});new M(ne,w);})();
